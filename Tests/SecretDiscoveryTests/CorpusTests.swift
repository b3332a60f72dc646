import Foundation
import Testing

/// Streams that a fuzzer starts from or once found.
@Suite struct CorpusTests {
  static let corpus: [String] = {
    let directory = Bundle.module.resourceURL?.appendingPathComponent("Corpus").path ?? ""
    return ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
  }()

  @Test func `the corpus is there`() { #expect(Self.corpus.count >= 10) }

  @Test(arguments: corpus)
  func `whatever a client sends, a stream keeps its promises`(file: String) throws {
    let url = try #require(Bundle.module.resourceURL?.appendingPathComponent("Corpus/\(file)"))
    try DiscoveryInvariants.check([UInt8](Data(contentsOf: url)))
  }
}
