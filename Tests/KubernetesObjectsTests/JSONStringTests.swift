import KubernetesObjects
import Testing

@Suite struct JSONStringTests {
  @Test(arguments: [
    (#""""#, ""),
    (#""plain""#, "plain"),
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
    (#""\u0041\u00e9\u20AC""#, "Aé€"),
    (#""\uD83D\uDE00""#, "😀"),
    (#""\uDBFF\uDFFF""#, "\u{10FFFF}"),
    (#""\u0000""#, "\u{0}"),
    (#""\\u0041""#, #"\u0041"#),
    (#""a\\""#, #"a\"#),
    (#""\ufffe\uffff""#, "\u{FFFE}\u{FFFF}"),
    (#""é\u00e9😀\ud83d\ude00""#, "éé😀😀"),
    (#""1234567\"9012345\"7""#, "1234567\"9012345\"7"),
  ])
  func `decodes`(_ text: String, _ meaning: String) throws {
    let view = try JSONDocument(parsing: Array(text.utf8)).root
    #expect(view.string.map { Array($0.utf8) } == Array(meaning.utf8))
    #expect(view.equals(meaning))
    #expect(!view.equals(meaning + "x"))
    #expect(!view.equals("x" + meaning))
    #expect(view.hasPrefix(""))
    #expect(view.hasPrefix(meaning))
    #expect(!view.hasPrefix(meaning + "x"))
    #expect(view.hasPrefix(String(meaning.unicodeScalars.prefix(1).map(Character.init))))
  }

  @Test func `compares bytes where String holds canonical equivalents for equal`() throws {
    let view = try JSONDocument(parsing: Array("\"e\u{301}\"".utf8)).root
    #expect(view.string == "é")
    #expect(!view.equals("é"))
    #expect(JSONValue.string("e\u{301}") != JSONValue.string("é"))
    let object = try JSONDocument(parsing: Array("{\"e\u{301}\":1,\"é\":2}".utf8)).root
    #expect(object["é"]?.integer == 2)
    #expect(object.value["e\u{301}"]?.integer == 1)
    #expect(object.value.object?.count == 2)
  }

  @Test(arguments: [
    (#""\x""#, JSONError.Kind.invalidEscape), (#""\u12""#, .invalidEscape), (#""\u12G4""#, .invalidEscape),
    (#""\U0041""#, .invalidEscape), (#""\'""#, .invalidEscape), (#""\ud800""#, .invalidEscape),
    (#""\udc00""#, .invalidEscape), (#""\ud800\ud800""#, .invalidEscape), (#""\ud800\u0041""#, .invalidEscape),
    (#""\ud800x""#, .invalidEscape), (#""\ud800\n""#, .invalidEscape), (#""\udc00\ud800""#, .invalidEscape),
    ("\"\\", .unexpectedEnd), ("\"", .unexpectedEnd), ("\"abc", .unexpectedEnd), (#""abc\""#, .unexpectedEnd),
    ("\"a\nb\"", .controlCharacter), ("\"\t\"", .controlCharacter), ("\"\u{0}\"", .controlCharacter),
    ("\"12345678\u{1F}\"", .controlCharacter), ("\"\\\n\"", .invalidEscape),
  ])
  func `refuses`(_ text: String, _ kind: JSONError.Kind) {
    let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(text.utf8)) }
    #expect(error?.kind == kind)
  }

  @Test(
    arguments: [
      // Continuation alone, lead alone, truncated, overlong, surrogate, beyond U+10FFFF, never valid.
      [0x80], [0xBF], [0xC2], [0xC2, 0x41], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xF0, 0x9F, 0x98],
      [0xF0, 0x28, 0x8C, 0xBC],
      [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0xAF],
      [0xF0, 0x8F, 0xBF, 0xBF],
      [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
      [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xC3, 0xA9, 0xFF],
    ] as [[UInt8]]
  )
  func `refuses invalid UTF-8`(_ bytes: [UInt8]) {
    for padding in [0, 1, 7, 63, 64, 65, 200] {
      let text = Array("[\"".utf8) + Array(repeating: UInt8(ascii: "x"), count: padding) + bytes + Array("\"]".utf8)
      let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: text) }
      #expect(error?.kind == .invalidUTF8)
      #expect(throws: JSONError.self) { try JSONDocument(parsing: bytes) }
    }
  }

  @Test func `finds the end of a string wherever a stop falls in a word`() throws {
    for length in 0..<40 {
      let plain = String(repeating: "a", count: length)
      #expect(try JSONDocument(parsing: Array("\"\(plain)\"".utf8)).root.string == plain)
      for (spelled, meant) in [(#"\n"#, "\n"), (#"\""#, "\""), ("é", "é"), ("!", "!"), ("[", "["), ("]", "]")] {
        for tail in 0..<9 {
          let rest = String(repeating: "b", count: tail)
          let text = "[\"\(plain)\(spelled)\(rest)\",1]"
          #expect(try JSONDocument(parsing: Array(text.utf8)).root[0]?.string == plain + meant + rest)
        }
      }
      for control in 0..<32 as Range<UInt8> {
        let text = Array("\"\(plain)".utf8) + [control] + Array("\"".utf8)
        #expect(throws: JSONError(.controlCharacter, at: length + 1)) { try JSONDocument(parsing: text) }
      }
    }
  }
}
