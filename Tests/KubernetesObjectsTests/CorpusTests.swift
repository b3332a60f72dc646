import AmeshTesting
import Foundation
import KubernetesObjects
import Testing

/// The files that fuzzing starts from, and whatever it found: `*.json` is accepted, `*.bin` refused.
@Suite struct CorpusTests {
  static let files: [URL] = {
    let folder = Bundle.module.resourceURL?.appending(path: "Corpus")
    let found = folder.flatMap { try? FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil) }
    return (found ?? []).sorted { $0.lastPathComponent < $1.lastPathComponent }
  }()

  @Test func `the corpus is there`() { #expect(Self.files.count >= 20) }

  @Test(arguments: files)
  func `replays`(_ file: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: file))
    try JSONInvariants.check(bytes)
    #expect(((try? JSONDocument(parsing: bytes)) != nil) == (file.pathExtension == "json"))
  }
}
