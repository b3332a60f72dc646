import KubernetesObjects
import KubernetesYAML
import Testing

struct YAMLDocumentTests {
  @Test(
    arguments: [
      ("a: 1\n---\nb: 2\n", ["{\"a\":1}", "{\"b\":2}"]),
      ("---\n---\n# nothing\n---\na: 1\n...\n", ["{\"a\":1}"]),
      ("", []), ("\n", []), ("# only a comment\n", []), ("{\"a\": 1}", ["{\"a\":1}"]),
      ("{\"a\": 1}\n{\"b\": [2]}\n", ["{\"a\":1}", "{\"b\":[2]}"]),
      ("[1, 2]", ["[1,2]"]), ("{a: b}", ["{\"a\":\"b\"}"]),
      ("{\"a\": 1}\n---\n{\"b\": 2}\n", ["{\"a\":1}", "{\"b\":2}"]),
      ("\"a\\u0000b\"", ["\"a\\u0000b\""]), ("\u{FEFF}a: 1", ["{\"a\":1}"]),
      ("a: 1\r\nb: 2\r\n", ["{\"a\":1,\"b\":2}"]),
    ]
  )
  func `A stream holds documents of YAML or JSON`(text: String, expected: [String]) throws {
    #expect(try read(text).map { String(decoding: $0.value.serialized(), as: UTF8.self) } == expected)
  }

  @Test func `Order and unknown fields stay`() throws {
    let document = try #require(try read("z: 1\na: {x: 1, b: 2}\nm: [3, {k: v}]\n").first)
    #expect(
      String(decoding: document.value.serialized(), as: UTF8.self)
        == #"{"z":1,"a":{"x":1,"b":2},"m":[3,{"k":"v"}]}"#
    )
  }

  @Test func `Keys become strings as kubectl makes them`() throws {
    let document = try #require(try read("1: a\nyes: b\n\"no\": c\n0x10: d\n1.5: e\n").first)
    #expect(document.value.object?.keys == ["1", "true", "no", "16", "1.5"])
  }

  @Test(arguments: ["a:\n  b: 1\n  c:\n  - x\n", "{\"a\":\n  {\"b\": 1,\n  \"c\": [\n  \"x\"]}}"])
  func `Every value has its place`(text: String) throws {
    let marks = try #require(try read(text).first).marks
    let a = try #require(marks.children.first)
    #expect(a.keyMark == SourceMark(line: 1, column: text.hasPrefix("{") ? 2 : 1))
    #expect(a.children.map(\.keyMark?.line) == [2, 3])
    #expect(a.children.last?.children.map(\.mark.line) == [4])
  }

  @Test func `Columns count characters, not bytes`() throws {
    let document = try #require(try read("{\"é€😀\": 1}").first)
    #expect(document.marks.children.first?.mark == SourceMark(line: 1, column: 9))
  }

  @Test func `Anchors and aliases are resolved`() throws {
    let text = "base: &b {a: 1, b: 2}\ncopy: *b\nmerged: {<<: *b, b: 3, c: 4}\nlater: {b: 5, <<: [*b, {a: 9, d: 6}]}\n"
    let value = try #require(try read(text).first).value
    #expect(value["copy"] == ["a": 1, "b": 2])
    #expect(value["merged"] == ["b": 3, "c": 4, "a": 1])
    #expect(value["later"] == ["b": 5, "a": 1, "d": 6])
    #expect(try read("\"<<\": {a: 1}").first?.value == ["<<": ["a": 1]])
  }

  @Test(
    arguments: [
      ("a: 1\nb: 2\na: 3\n", "the key \"a\" is there more than once", 1),
      ("x:\n- b: 1\n  \"b\": 2\n", "the key \"b\" is there more than once", 3),
      ("1: a\n\"1\": b\n", "the key \"1\" is there more than once", 2),
      ("{\"a\": 1,\n\"a\": 2}", "duplicate key \"a\"", 2),
      ("a: *nowhere\n", "found undefined alias", 1),
      ("a: [1, 2\n", "while parsing a flow sequence: did not find expected ',' or ']'", 2),
      ("a: b\n\tc: d\n", "while scanning a plain scalar: found a tab character that violates indentation", 2),
      ("[1]: x\n", "a key has to be a string, not a list or mapping", 1),
      ("~: x\n", "a key has to be a string, not null; quote it", 1),
      ("<<: 3\n", "what << merges has to be a mapping or a list of mappings", 1),
      ("<<: [{a: 1}, 3]\n", "what << merges has to be a mapping", 1),
      ("a: \"\\ud800\"\n", "while parsing a quoted scalar: found invalid Unicode character escape code", 1),
    ]
  )
  func `What is wrong is told with its line`(text: String, message: String, line: Int) throws {
    let error = try #require(throws: YAMLError.self) { try read(text) }
    #expect(error.message == message)
    #expect(error.mark?.line == line)
  }

  @Test func `Bytes that are no UTF-8 are refused`() {
    #expect(throws: YAMLError("the text is not valid UTF-8; save it as UTF-8")) {
      try YAMLDocument.stream([0x61, 0x3A, 0x20, 0xFF])
    }
  }

  @Test func `Control characters are refused`() {
    #expect(throws: YAMLError.self) { try read("a: \u{1}\n") }
    #expect(throws: YAMLError.self) { try read("a: \u{0}\n") }
  }

  private func read(_ text: String) throws -> [YAMLDocument] {
    try YAMLDocument.stream(Array(text.utf8))
  }
}
