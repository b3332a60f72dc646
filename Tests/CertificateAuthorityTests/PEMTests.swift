import AmeshTesting
import CertificateAuthority
import Testing

@Suite struct PEMTests {
  static let block = "-----BEGIN THING-----\nAAEC\nAwQ=\n-----END THING-----\n"

  func read(_ text: String, blocks: Int = 10) throws(PEMError) -> [PEM.Block] {
    try PEM.blocks(in: Array(text.utf8), maximumBytes: 10_000, maximumBlocks: blocks)
  }

  @Test(arguments: [
    block, String(block.dropLast()), block.replacing("\n", with: "\r\n"), "\n\r\n" + block + "\n\r\n\n",
  ])
  func `line ends and blank lines around a block don't matter`(_ text: String) throws {
    #expect(try read(text) == [PEM.Block(label: "THING", derBytes: [0, 1, 2, 3, 4])])
  }

  @Test func `blocks keep their order`() throws {
    let blocks = try read(Self.block + Self.block.replacing("THING", with: "OTHER 2") + "\n" + Self.block)
    #expect(blocks.map(\.label) == ["THING", "OTHER 2", "THING"])
  }

  @Test(arguments: [
    ("", PEMError.noBlock),
    ("\n\n", .noBlock),
    ("text\n" + block, .textOutsideBlock),
    (block + "text", .textOutsideBlock),
    (" " + block, .textOutsideBlock),
    ("-----BEGIN thing-----\nAAEC\n-----END thing-----\n", .textOutsideBlock),
    ("-----BEGIN -----\nAAEC\n-----END -----\n", .textOutsideBlock),
    ("-----BEGIN THING----\nAAEC\n-----END THING-----\n", .textOutsideBlock),
    ("-----END THING-----\n", .textOutsideBlock),
    ("-----BEGIN THING-----", .badEnd(label: "THING")),
    ("-----BEGIN THING-----\nAAEC\n", .badEnd(label: "THING")),
    ("-----BEGIN THING-----\nAAEC\n-----END OTHER-----\n", .badEnd(label: "THING")),
    ("-----BEGIN THING-----\nAAEC\n-----BEGIN THING-----\nAAEC\n-----END THING-----\n", .badEnd(label: "THING")),
    ("-----BEGIN THING-----\nAAEC-----END THING-----\n", .badEnd(label: "THING")),
    ("-----BEGIN THING-----\n-----END THING-----\n", .badBase64(label: "THING")),
    ("-----BEGIN THING-----\nAAE\n-----END THING-----\n", .badBase64(label: "THING")),
    ("-----BEGIN THING-----\nAA EC\n-----END THING-----\n", .badBase64(label: "THING")),
    ("-----BEGIN THING-----\nAA_-\n-----END THING-----\n", .badBase64(label: "THING")),
    ("-----BEGIN THING-----\nAAEC\n\nAAEC\n-----END THING-----\n", .badBase64(label: "THING")),
    ("-----BEGIN THING-----\nProc-Type: 4,ENCRYPTED\n\nAAEC\n-----END THING-----\n", .badBase64(label: "THING")),
    ("-----BEGIN THING-----\nAAEC\nAA==\nAAEC\n-----END THING-----\n", .badBase64(label: "THING")),
  ])
  func `is refused`(_ text: String, _ problem: PEMError) {
    #expect(throws: problem) { try read(text) }
  }

  @Test func `limits are kept`() {
    #expect(throws: PEMError.tooManyBlocks(limit: 1)) { try read(Self.block + Self.block, blocks: 1) }
    #expect(throws: PEMError.tooLong(limit: 10_000)) { try read(String(repeating: "\n", count: 10_001)) }
  }

  @Test(arguments: 0..<4)
  func `what is written is read again`(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for count in [1, 47, 48, 49, 96, 1000] {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      let text = PEM.text(label: "CERTIFICATE", derBytes: bytes)
      #expect(try read(text) == [PEM.Block(label: "CERTIFICATE", derBytes: bytes)])
      #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 64 })
      #expect(text.hasSuffix("-----END CERTIFICATE-----\n"))
    }
  }

  @Test(arguments: 0..<4)
  func `changed text is read or refused`(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var refused = 0
    for _ in 0..<5_000 {
      let bytes = Mutation.change(Array((Self.block + Self.block).utf8), using: &random)
      if (try? PEM.blocks(in: bytes, maximumBytes: 10_000, maximumBlocks: 3)) == nil { refused += 1 }
    }
    #expect(refused > 1_000)
  }
}
