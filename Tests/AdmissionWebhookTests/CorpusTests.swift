import Foundation
import Testing

/// Bodies that a fuzzer starts from or once found.
struct CorpusTests {
  static let corpus: [String] = {
    let directory = Bundle.module.resourceURL?.appendingPathComponent("Corpus").path ?? ""
    return ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
  }()

  @Test func `the corpus is there`() {
    #expect(Self.corpus.count >= 10)
  }

  @Test(arguments: corpus)
  func `any body is refused with a text or answered as the API server accepts it`(file: String) throws {
    let url = try #require(Bundle.module.resourceURL?.appendingPathComponent("Corpus/\(file)"))
    try ReviewInvariants.check([UInt8](Data(contentsOf: url)))
  }
}
