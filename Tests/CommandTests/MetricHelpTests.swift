import Foundation
import Testing

@testable import amesh

@Suite struct MetricHelpTests {
  @Test func `every metric that is made has a help text, and no text is left over`() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../Sources")
      .standardized
    var names: Set<String> = []
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    for case let file as URL in files where file.pathExtension == "swift" {
      // The library writes its own texts beside its metrics.
      let isOther = ["DataPlane", "RoutePlugins", "XDSTranslation"].contains(
        file.deletingLastPathComponent().lastPathComponent
      )
      guard file.lastPathComponent != "MetricHelp.swift", !isOther else { continue }
      let text = try String(contentsOf: file, encoding: .utf8)
      names.formUnion(text.matches(of: /"(amesh_[a-z_]+)"/).map { String($0.1) })
    }
    #expect(names.count > 20)
    #expect(names.subtracting(MetricHelp.texts.keys) == [])
    #expect(Set(MetricHelp.texts.keys).subtracting(names) == [])
  }
}
