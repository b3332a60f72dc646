import AmeshTesting
import KubernetesObjects
import Testing

/// Values and texts that seeds decide; a failure names its seed.
@Suite struct JSONRandomTests {
  @Test(arguments: 0..<300 as Range<UInt64>)
  func `what is written is read back as the same`(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let value = JSONValue.random(depth: 5, using: &random)
    let compact = value.serialized()
    let document = try JSONDocument(parsing: compact)
    #expect(document.root.value == value)
    #expect(document.root.value.serialized() == compact)
    #expect(document.root.value.hashValue == value.hashValue)

    let pretty = try JSONDocument(parsing: value.serialized(indent: Int.random(in: 0...4, using: &random)))
    #expect(pretty.root.semanticallyEquals(document.root))
    #expect(pretty.root.value.serialized() == compact)

    var writer = JSONWriter()
    writer.view(document.root)
    #expect(writer.bytes == compact)
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `a text with a few changed bytes is refused or consistent`(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let original = JSONValue.random(depth: 4, using: &random).serialized()
    for _ in 0..<50 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...3, using: &random) { bytes.mutate(using: &random) }
      try JSONInvariants.check(bytes)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `every prefix of a text is refused or consistent`(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let bytes = JSONValue.random(depth: 4, using: &random).serialized()
    for count in 0..<min(bytes.count, 400) { try JSONInvariants.check(Array(bytes[..<count])) }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `random bytes are refused or consistent`(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let alphabet = Array("{}[]\",:\\u0dD8cC19aAtrufalsn-+.eE \n".utf8)
    for _ in 0..<200 {
      let length = Int.random(in: 0...24, using: &random)
      try JSONInvariants.check((0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 })
      try JSONInvariants.check((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
  }
}

extension [UInt8] {
  fileprivate mutating func mutate(using random: inout SeededRandom) {
    let position = Int.random(in: 0...count, using: &random)
    let interesting = Array("{}[]\",:\\u0/e-.tn ".utf8) + [0x00, 0x1F, 0x7F, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
    let byte = interesting.randomElement(using: &random) ?? 0
    switch Int.random(in: 0..<3, using: &random) {
    case 0: insert(byte, at: position)
    case 1 where position < count: remove(at: position)
    default: if position < count { self[position] = byte }
    }
  }
}
