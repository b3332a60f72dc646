import KubernetesObjects
import Testing

@Suite struct JSONViewTests {
  static let text = #"""
    { "kind": "Pod", "n\u0061me": "web", "ready": true, "gone": null, "count": -12, "ratio": 1.0,
      "empty": {}, "none": [], "list": [1, [2, 3], {"a": "x"}, "y"] }
    """#

  static func root() throws -> JSONView { try JSONDocument(parsing: Array(text.utf8)).root }

  @Test func `finds members by decoded name`() throws {
    let root = try Self.root()
    #expect(root["kind"]?.string == "Pod")
    #expect(root["name"]?.string == "web")
    #expect(root[#"n\u0061me"#] == nil)
    #expect(root["missing"] == nil)
    #expect(root["kind"]?["x"] == nil)
    #expect(root["list"]?["0"] == nil)
    #expect(root["list"]?[2]?["a"]?.equals("x") == true)
  }

  @Test func `tells the kinds of members without views of them`() throws {
    let root = try Self.root()
    #expect(root.kind(of: "name") == .string)
    #expect(root.kind(of: "gone") == .null)
    #expect(root.kind(of: "list") == .array)
    #expect(root.kind(of: "missing") == nil)
    #expect(root["list"]?.kind(of: "0") == nil)
    func hasOnlyStrings(_ text: String) throws -> Bool {
      try JSONDocument(parsing: Array(text.utf8)).root.hasOnly(.string, .null)
    }
    #expect(try hasOnlyStrings(#"{"a": "x", "b": null, "c": "y"}"#))
    #expect(try hasOnlyStrings("{}"))
    #expect(try !hasOnlyStrings(#"{"a": "x", "b": {"c": "x"}, "d": "y"}"#))
    #expect(try !hasOnlyStrings(#"{"a": "x", "b": "y", "c": 1}"#))
  }

  @Test func `finds elements by position`() throws {
    let list = try #require(try Self.root()["list"])
    #expect(list.count == 4)
    #expect(list[0]?.integer == 1)
    #expect(list[1]?[1]?.integer == 3)
    #expect(list[3]?.string == "y")
    #expect(list[4] == nil)
    #expect(list[-1] == nil)
    #expect(list[Int.max] == nil)
    #expect(try Self.root()[0] == nil)
  }

  @Test func `knows kinds and gives each value only as what it is`() throws {
    let root = try Self.root()
    #expect(root.kind == .object)
    #expect(root["gone"]?.isNull == true)
    #expect(root["gone"]?.string == nil)
    #expect(root["ready"]?.bool == true)
    #expect(root["ready"]?.integer == nil)
    #expect(root["count"]?.integer == -12)
    #expect(root["count"]?.bool == nil)
    #expect(root["ratio"]?.integer == nil)
    #expect(root["ratio"]?.kind == .number)
    #expect(root["kind"]?.isNull == false)
    #expect(root["list"]?.equals("list") == false)
    #expect(root["list"]?.hasPrefix("") == false)
    #expect(root["empty"]?.count == 0)
    #expect(root["kind"]?.count == 0)
  }

  @Test func `iterates in the order of the text`() throws {
    let root = try Self.root()
    #expect(
      root.members.map { $0.key.string } == [
        "kind", "name", "ready", "gone", "count", "ratio", "empty", "none", "list",
      ]
    )
    #expect(root["list"]?.elements.map(\.kind) == [.number, .array, .object, .string])
    #expect(Array(try #require(root["list"]).members).isEmpty)
    #expect(Array(root.elements).isEmpty)
    #expect(Array(try #require(root["none"]).elements).isEmpty)
    #expect(Array(try #require(root["empty"]).members).isEmpty)
    #expect(Array(try #require(root["kind"]).elements).isEmpty)
  }

  @Test func `source is the value as spelled`() throws {
    let root = try Self.root()
    let source = { (view: JSONView?) in view.map { String(decoding: $0.source, as: UTF8.self) } }
    #expect(source(root["ratio"]) == "1.0")
    #expect(source(root["list"]?[1]) == "[2, 3]")
    #expect(source(root["kind"]) == #""Pod""#)
    #expect(source(root.members.first { $0.value.equals("web") }?.key) == #""n\u0061me""#)
    #expect(source(root) == Self.text)
  }

  @Test func `outlives the document`() throws {
    var document: JSONDocument? = try JSONDocument(parsing: Array(#"{"a":["b"]}"#.utf8))
    let view = document?.root["a"]?[0]
    document = nil
    #expect(view?.string == "b")
  }

  @Test(arguments: [
    ("0", 0), ("-0", 0), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min), ("7", 7), ("-10", -10),
    ("9223372036854775808", nil), ("-9223372036854775809", nil), ("99999999999999999999999", nil), ("1.0", nil),
    ("1e3", nil), ("1E0", nil), ("\"1\"", nil), ("null", nil),
  ])
  func `integers are whole, plainly spelled and in range`(_ text: String, _ integer: Int?) throws {
    let document = try JSONDocument(parsing: Array(text.utf8))
    #expect(document.root.integer == integer)
    #expect(document.root.value.integer == integer)
  }

  @Test(arguments: [
    ("1", "1.0", true), ("1", "2", false), ("1", "\"1\"", false), (#""\u0061""#, #""a""#, true),
    ("\"a\"", "\"b\"", false),
    (#"{"a":1,"b":[1]}"#, #"{"b":[1e0],"a":10e-1}"#, true), (#"{"a":1}"#, #"{"b":1}"#, false),
    (#"{"a":1}"#, #"{"a":1,"b":1}"#, false), ("[1,2]", "[2,1]", false), ("[1]", "[1,1]", false),
    ("true", "false", false),
    ("null", "null", true), ("{}", "[]", false), (#"{"\u0061":{"c":1}}"#, #"{"a":{"c":1}}"#, true),
    (#""\n\u00e9""#, #""\u000aé""#, true),
  ])
  func `compares by meaning`(_ one: String, _ other: String, _ same: Bool) throws {
    let one = try JSONDocument(parsing: Array(one.utf8)).root
    let other = try JSONDocument(parsing: Array(other.utf8)).root
    #expect(one.semanticallyEquals(other) == same)
    #expect(other.semanticallyEquals(one) == same)
    #expect((one.value == other.value) == same)
    if same { #expect(one.value.hashValue == other.value.hashValue) }
  }
}
