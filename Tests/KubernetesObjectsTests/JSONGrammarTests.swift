import KubernetesObjects
import Testing

@Suite struct JSONGrammarTests {
  @Test(arguments: [
    "null", "true", "false", "0", "-0", "-1", "10", "1.5", "1e3", "1E3", "1e+3", "1e-03", "0e0", "0.0", "-0.5e-7",
    "123456789012345678901234567890", "1e999999999999999999999999", "0.00000000000000000000000000000000001",
    #""""#, #""a""#, #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\uABCD\uabcd""#, #""\ud83d\ude00""#,
    "\"\u{7F}\"", "\"\u{2028}\u{2029}\"", "\"é€😀\"", "\"\u{FEFF}\"", "\"\u{10FFFF}\u{FFFF}\"", #"" null ""#,
    "[]", "[ ]", "[[]]", "[1]", "[1,2]", "[null,true,false,\"\",0,[],{}]", " [ 1 , 2 ] ", "\t\r\n[]\n",
    "{}", "{ }", #"{"":0}"#, #"{"a":1}"#, #"{"a":{},"b":[]}"#, #" { "a" : 1 , "b" : 2 } "#, #"{"a":1,"A":2}"#,
    #"{"é":1,"e\u0301":2}"#, #"{"\u0000":1,"\u0001":2}"#, "\"long enough for a second word\"",
    #""escape at the eighth\n byte""#, #"["a",0.1,-1e-1,true]"#,
  ])
  func `accepts`(_ text: String) throws {
    let document = try JSONDocument(parsing: Array(text.utf8))
    #expect(String(decoding: document.root.source, as: UTF8.self) == text.trimmingJSONWhitespace())
    #expect(document.root.value == (try JSONValue(parsing: document.root.value.serialized())))
  }

  @Test(arguments: [
    ("", JSONError(.empty, at: 0)),
    (" \n\t\r ", JSONError(.empty, at: 0)),
    ("\u{C}", JSONError(.unexpectedByte(0x0C), at: 0)),
    ("\u{A0}1", JSONError(.unexpectedByte(0xC2), at: 0)),
    ("\u{FEFF}{}", JSONError(.unexpectedByte(0xEF), at: 0)),
    ("nul", JSONError(.unexpectedEnd, at: 3)),
    ("nulL", JSONError(.unexpectedByte(0x4C), at: 3)),
    ("True", JSONError(.unexpectedByte(0x54), at: 0)),
    ("truefalse", JSONError(.trailingBytes, at: 4)),
    ("NaN", JSONError(.unexpectedByte(0x4E), at: 0)),
    ("Infinity", JSONError(.unexpectedByte(0x49), at: 0)),
    ("-Infinity", JSONError(.invalidNumber, at: 0)),
    ("'a'", JSONError(.unexpectedByte(0x27), at: 0)),
    ("[", JSONError(.unexpectedEnd, at: 1)),
    ("[1", JSONError(.unexpectedEnd, at: 2)),
    ("[1,", JSONError(.unexpectedEnd, at: 3)),
    ("[1,]", JSONError(.unexpectedByte(0x5D), at: 3)),
    ("[,1]", JSONError(.unexpectedByte(0x2C), at: 1)),
    ("[1,,2]", JSONError(.unexpectedByte(0x2C), at: 3)),
    ("[1 2]", JSONError(.unexpectedByte(0x32), at: 3)),
    ("[1}", JSONError(.unexpectedByte(0x7D), at: 2)),
    ("[1:2]", JSONError(.unexpectedByte(0x3A), at: 2)),
    ("]", JSONError(.unexpectedByte(0x5D), at: 0)),
    ("[]]", JSONError(.trailingBytes, at: 2)),
    ("{", JSONError(.unexpectedEnd, at: 1)),
    (#"{"a"#, JSONError(.unexpectedEnd, at: 3)),
    (#"{"a""#, JSONError(.unexpectedEnd, at: 4)),
    (#"{"a":"#, JSONError(.unexpectedEnd, at: 5)),
    (#"{"a":1"#, JSONError(.unexpectedEnd, at: 6)),
    (#"{"a":1,"#, JSONError(.unexpectedEnd, at: 7)),
    (#"{"a":1,}"#, JSONError(.unexpectedByte(0x7D), at: 7)),
    (#"{,"a":1}"#, JSONError(.unexpectedByte(0x2C), at: 1)),
    (#"{"a" 1}"#, JSONError(.unexpectedByte(0x31), at: 5)),
    (#"{"a"::1}"#, JSONError(.unexpectedByte(0x3A), at: 5)),
    (#"{"a","b"}"#, JSONError(.unexpectedByte(0x2C), at: 4)),
    (#"{"a":1 "b":2}"#, JSONError(.unexpectedByte(0x22), at: 7)),
    (#"{"a":1]"#, JSONError(.unexpectedByte(0x5D), at: 6)),
    ("{a:1}", JSONError(.unexpectedByte(0x61), at: 1)),
    ("{1:1}", JSONError(.unexpectedByte(0x31), at: 1)),
    ("{null:1}", JSONError(.unexpectedByte(0x6E), at: 1)),
    ("{[]:1}", JSONError(.unexpectedByte(0x5B), at: 1)),
    ("1 2", JSONError(.trailingBytes, at: 2)),
    ("{} // x", JSONError(.trailingBytes, at: 3)),
    ("[/* x */]", JSONError(.unexpectedByte(0x2F), at: 1)),
    ("\u{0}", JSONError(.unexpectedByte(0x00), at: 0)),
    ("[1\u{0}]", JSONError(.unexpectedByte(0x00), at: 2)),
  ])
  func `refuses`(_ text: String, _ error: JSONError) {
    #expect(throws: error) { try JSONDocument(parsing: Array(text.utf8)) }
  }

  @Test(arguments: [
    "-", "+1", "01", "-01", "00", "1.", ".5", "-.5", "1.e1", "1e", "1e+", "1E-", "1e1.5", "0x10", "1_000", "0.1.2",
    "- 1", "--1", "1-1", "-e1", "1ee1", "１",
  ])
  func `refuses what is no number`(_ text: String) {
    #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(text.utf8)) }
    #expect(throws: JSONError.self) { try JSONDocument(parsing: Array("[\(text)]".utf8)) }
    #expect(JSONNumber(spelling: text) == nil)
  }

  @Test func `an error says what is wrong and where`() {
    #expect(JSONError(.unexpectedByte(0x7D), at: 17).description == "unexpected byte 0x7d (}) at byte 17")
    #expect(JSONError(.unexpectedByte(0x03), at: 0).description == "unexpected byte 0x03 at byte 0")
    #expect(JSONError(.duplicateKey("a\"b"), at: 5).description == #"duplicate key "a\"b" at byte 5"#)
    #expect(JSONError(.tooDeep(limit: 3), at: 5).description == "more than 3 nested arrays and objects at byte 5")
  }

  @Test func `depth is limited exactly`() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    _ = try JSONDocument(parsing: nested(128))
    #expect(throws: JSONError(.tooDeep(limit: 128), at: 128)) { try JSONDocument(parsing: nested(129)) }
    _ = try JSONDocument(parsing: nested(3), maximumDepth: 3)
    #expect(throws: JSONError(.tooDeep(limit: 3), at: 3)) { try JSONDocument(parsing: nested(4), maximumDepth: 3) }
    #expect(throws: JSONError(.tooDeep(limit: 0), at: 0)) { try JSONDocument(parsing: nested(1), maximumDepth: 0) }
    _ = try JSONDocument(parsing: Array("7".utf8), maximumDepth: 0)
    _ = try JSONDocument(parsing: Array("[[],[],{\"a\":[]}]".utf8), maximumDepth: 3)
  }

  @Test func `a million open brackets cost an error, nothing else`() {
    for opening in ["[", #"{"a":"#, #"[{"a":"#] {
      let bytes = Array(String(repeating: opening, count: 1_000_000).utf8)
      #expect(throws: JSONError.self) { try JSONDocument(parsing: bytes) }
    }
    // No recursion: a high limit is only a matter of memory.
    let deep = String(repeating: "[", count: 300_000) + String(repeating: "]", count: 300_000)
    #expect(throws: Never.self) { try JSONDocument(parsing: Array(deep.utf8), maximumDepth: 300_000) }
  }
}

extension String {
  fileprivate func trimmingJSONWhitespace() -> String {
    let isWhitespace = { (byte: UInt8) in [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
    let trimmed = utf8.drop(while: isWhitespace).reversed().drop(while: isWhitespace).reversed()
    return String(decoding: Array(trimmed), as: UTF8.self)
  }
}
