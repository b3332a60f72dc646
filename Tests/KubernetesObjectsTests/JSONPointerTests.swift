import KubernetesObjects
import Testing

@Suite struct JSONPointerTests {
  @Test(arguments: [
    ("", []), ("/", [""]), ("/foo", ["foo"]), ("/foo/0", ["foo", "0"]), ("/a~1b", ["a/b"]), ("/m~0n", ["m~n"]),
    ("/~01", ["~1"]), ("/~10", ["/0"]), ("//", ["", ""]), ("/a/", ["a", ""]), ("/ ", [" "]), ("/é", ["é"]),
    ("/k\"l", ["k\"l"]), ("/i\\j", ["i\\j"]), ("/c%d", ["c%d"]),
  ])
  func `parses and prints`(_ text: String, _ tokens: [String]) throws {
    #expect(try JSONPointer(text).tokens == tokens)
    #expect(JSONPointer(tokens: tokens).description == text)
  }

  @Test(arguments: [
    ("foo", JSONPointerError.Problem.noSlash), ("#/foo", .noSlash), (" /foo", .noSlash), ("/~", .badEscape),
    ("/a~2", .badEscape), ("/a~/b", .badEscape), ("/~~0", .badEscape),
  ])
  func `refuses`(_ text: String, _ problem: JSONPointerError.Problem) {
    let error = #expect(throws: JSONPointerError.self) { try JSONPointer(text) }
    #expect(error?.text == text)
    #expect(error?.problem == problem)
  }

  @Test(arguments: [("", ""), ("a", "a"), ("a/b", "a~1b"), ("~", "~0"), ("~1", "~01"), ("/~/", "~1~0~1")])
  func `escapes a token`(_ token: String, _ escaped: String) throws {
    #expect(JSONPointer.escape(token) == escaped)
    #expect(try JSONPointer("/" + escaped).tokens == [token])
  }
}
