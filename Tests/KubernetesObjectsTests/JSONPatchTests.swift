import AmeshTesting
import KubernetesObjects
import Testing

@Suite struct JSONPatchTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var document: JSONValue
    var patch: JSONValue
    var result: JSONValue

    init(_ name: String, _ document: JSONValue, _ patch: JSONValue, _ result: JSONValue) {
      (self.name, self.document, self.patch, self.result) = (name, document, patch, result)
    }

    var testDescription: String { name }
  }

  static func add(_ path: String, _ value: JSONValue) -> JSONValue {
    ["op": "add", "path": .string(path), "value": value]
  }
  static func remove(_ path: String) -> JSONValue { ["op": "remove", "path": .string(path)] }
  static func replace(_ path: String, _ value: JSONValue) -> JSONValue {
    ["op": "replace", "path": .string(path), "value": value]
  }
  static func test(_ path: String, _ value: JSONValue) -> JSONValue {
    ["op": "test", "path": .string(path), "value": value]
  }
  static func move(_ from: String, _ path: String) -> JSONValue {
    ["op": "move", "from": .string(from), "path": .string(path)]
  }
  static func copy(_ from: String, _ path: String) -> JSONValue {
    ["op": "copy", "from": .string(from), "path": .string(path)]
  }

  /// The examples of RFC 6902, appendix A, that apply.
  static let appendix: [Case] = [
    Case("A.1", ["foo": "bar"], [add("/baz", "qux")], ["baz": "qux", "foo": "bar"]),
    Case("A.2", ["foo": ["bar", "baz"]], [add("/foo/1", "qux")], ["foo": ["bar", "qux", "baz"]]),
    Case("A.3", ["baz": "qux", "foo": "bar"], [remove("/baz")], ["foo": "bar"]),
    Case("A.4", ["foo": ["bar", "qux", "baz"]], [remove("/foo/1")], ["foo": ["bar", "baz"]]),
    Case("A.5", ["baz": "qux", "foo": "bar"], [replace("/baz", "boo")], ["baz": "boo", "foo": "bar"]),
    Case(
      "A.6",
      ["foo": ["bar": "baz", "waldo": "fred"], "qux": ["corge": "grault"]],
      [move("/foo/waldo", "/qux/thud")],
      ["foo": ["bar": "baz"], "qux": ["corge": "grault", "thud": "fred"]]
    ),
    Case(
      "A.7",
      ["foo": ["all", "grass", "cows", "eat"]],
      [move("/foo/1", "/foo/3")],
      ["foo": ["all", "cows", "eat", "grass"]]
    ),
    Case(
      "A.8",
      ["baz": "qux", "foo": ["a", 2, "c"]],
      [test("/baz", "qux"), test("/foo/1", 2)],
      ["baz": "qux", "foo": ["a", 2, "c"]]
    ),
    Case("A.10", ["foo": "bar"], [add("/child", ["grandchild": [:]])], ["foo": "bar", "child": ["grandchild": [:]]]),
    Case(
      "A.11",
      ["foo": "bar"],
      [["op": "add", "path": "/baz", "value": "qux", "xyz": 123]],
      ["foo": "bar", "baz": "qux"]
    ),
    Case("A.14", ["/": 9, "~1": 10], [test("/~01", 10)], ["/": 9, "~1": 10]),
    Case("A.16", ["foo": ["bar"]], [add("/foo/-", ["abc", "def"])], ["foo": ["bar", ["abc", "def"]]]),
  ]

  /// Where implementations have been found to differ.
  static let corners: [Case] = [
    Case("nothing to do", ["a": 1], [], ["a": 1]),
    Case("add to the root of an array", [], [add("/0", 1)], [1]),
    Case("add at the end by index", [1, 2], [add("/2", 3)], [1, 2, 3]),
    Case("add at the end by dash, twice", [], [add("/-", 1), add("/-", 2)], [1, 2]),
    Case("add null", ["a": 1], [add("/b", nil)], ["a": 1, "b": nil]),
    Case("add over a member", ["a": 1, "b": 2], [add("/a", [])], ["a": [], "b": 2]),
    Case("add over null", ["a": nil], [add("/a", 1)], ["a": 1]),
    Case("add a member with an empty name", [:], [add("/", 1)], ["": 1]),
    Case("add below an empty name", ["": [:]], [add("//", 1)], ["": ["": 1]]),
    Case("add to an object by a number", [:], [add("/0", 1)], ["0": 1]),
    Case("add to an object by a dash", [:], [add("/-", 1)], ["-": 1]),
    Case("add the whole document", ["a": 1], [add("", [1])], [1]),
    Case("replace the whole document", ["a": 1], [replace("", "x")], "x"),
    Case("replace by null", ["a": 1], [replace("/a", nil)], ["a": nil]),
    Case("replace in an array", [1, [2, 3]], [replace("/1/0", "x")], [1, ["x", 3]]),
    Case("remove null", ["a": nil, "b": 1], [remove("/a")], ["b": 1]),
    Case("remove all elements", [1, 2], [remove("/0"), remove("/0")], []),
    Case("move onto itself", ["a": [1]], [move("/a", "/a")], ["a": [1]]),
    Case("move over a member", ["a": 1, "b": 2], [move("/a", "/b")], ["b": 1]),
    Case("move up over its own parent", ["a": ["b": 1]], [move("/a/b", "/a")], ["a": 1]),
    Case("move to the whole document", ["a": ["b": 1]], [move("/a", "")], ["b": 1]),
    Case("move counts indices after the removal", [1, 2, 3], [move("/0", "/2")], [2, 3, 1]),
    Case("move to a path that only starts alike", ["a": 1, "ab": [:]], [move("/a", "/ab/c")], ["ab": ["c": 1]]),
    Case("copy into itself", ["a": ["b": 1]], [copy("/a", "/a/c")], ["a": ["b": 1, "c": ["b": 1]]]),
    Case("copy the whole document", ["a": 1], [copy("", "/b")], ["a": 1, "b": ["a": 1]]),
    Case("copy is no reference", ["a": [1]], [copy("/a", "/b"), add("/b/-", 2)], ["a": [1], "b": [1, 2]]),
    Case("copy null", ["a": nil], [copy("/a", "/b")], ["a": nil, "b": nil]),
    Case(
      "test an object in another order",
      ["a": ["b": 1, "c": 2]],
      [test("/a", ["c": 2, "b": 1])],
      ["a": ["b": 1, "c": 2]]
    ),
    Case("test null", ["a": nil], [test("/a", nil)], ["a": nil]),
    Case("test the whole document", [1], [test("", [1])], [1]),
    Case("a key with everything", ["a/b~c \"é\\": 1], [replace("/a~1b~0c \"é\\", 2)], ["a/b~c \"é\\": 2]),
    Case("move to a canonical twin", ["e\u{301}": 1], [move("/e\u{301}", "/é")], ["é": 1]),
    Case("a key that is no canonical twin", ["e\u{301}": 1], [add("/é", 2)], ["e\u{301}": 1, "é": 2]),
  ]

  @Test(arguments: appendix + corners)
  func `applies`(_ example: Case) throws {
    let patch = try JSONPatch(example.patch)
    #expect(try patch.apply(to: example.document) == example.result)
    #expect(try JSONPatch(patch.value) == patch)
  }

  @Test(
    arguments: [
      // RFC 6902, A.9, A.12, A.15
      (["baz": "qux"], [test("/baz", "bar")], "operation 0 (test /baz): the value is a different one"),
      (["foo": "bar"], [add("/baz/bat", "qux")], "operation 0 (add /baz/bat): no such member \"baz\""),
      (["/": 9, "~1": 10], [test("/~01", "10")], "operation 0 (test /~01): the value is a different one"),
      (["a": 1], [test("/a", 1), replace("/b", 1)], "operation 1 (replace /b): no such member \"b\""),
      (["a": 1], [remove("/b")], "operation 0 (remove /b): no such member \"b\""),
      (["a": 1], [remove("")], "operation 0 (remove): the whole document can't be removed"),
      (["a": 1], [add("/a/b", 1)], "operation 0 (add /a/b): no \"b\" in a number; that takes an object or array"),
      (["a": nil], [test("/a/b", 1)], "operation 0 (test /a/b): no \"b\" in null; that takes an object or array"),
      ([1], [add("/2", 1)], "operation 0 (add /2): no element 2 in an array of 1"),
      ([1], [replace("/1", 1)], "operation 0 (replace /1): no element 1 in an array of 1"),
      ([1], [remove("/-")], "operation 0 (remove /-): no element - in an array of 1"),
      ([1], [test("/-", 1)], "operation 0 (test /-): no element - in an array of 1"),
      ([[1]], [add("/-/0", 1)], "operation 0 (add /-/0): no element - in an array of 1"),
      ([1], [copy("/-", "/0")], "operation 0 (copy /0): no element - in an array of 1"),
      (
        [1], [remove("/99999999999999999999")],
        "operation 0 (remove /99999999999999999999): no element 99999999999999999999 in an array of 1"
      ),
      (
        [1, 2], [test("/00", 1)],
        "operation 0 (test /00): \"00\" is no array index; those are decimal without leading zeros"
      ),
      (
        [1, 2], [test("/01", 2)],
        "operation 0 (test /01): \"01\" is no array index; those are decimal without leading zeros"
      ),
      (
        [1], [add("/+1", 2)], "operation 0 (add /+1): \"+1\" is no array index; those are decimal without leading zeros"
      ),
      (
        [1], [add("/-1", 2)], "operation 0 (add /-1): \"-1\" is no array index; those are decimal without leading zeros"
      ),
      (
        [1], [test("/1e0", 2)],
        "operation 0 (test /1e0): \"1e0\" is no array index; those are decimal without leading zeros"
      ),
      ([1], [add("/a", 2)], "operation 0 (add /a): \"a\" is no array index; those are decimal without leading zeros"),
      ([1], [add("/", 2)], "operation 0 (add /): \"\" is no array index; those are decimal without leading zeros"),
      (["a": ["b": 1]], [move("/a", "/a/b")], "operation 0 (move /a/b): a value can't be moved into itself"),
      (["a": 1], [move("/b", "/b")], "operation 0 (move /b): no such member \"b\""),
      (["a": 1], [move("/b", "/a")], "operation 0 (move /a): no such member \"b\""),
      (["a": 1], [copy("/b", "/a")], "operation 0 (copy /a): no such member \"b\""),
      (["é": 1], [test("/e\u{301}", 1)], "operation 0 (test /e\u{301}): no such member \"e\u{301}\""),
    ] as [(JSONValue, JSONValue, String)]
  )
  func `does not apply`(_ document: JSONValue, _ patch: JSONValue, _ message: String) throws {
    let patch = try JSONPatch(patch)
    let error = #expect(throws: JSONPatchError.self) { try patch.apply(to: document) }
    #expect(error?.description == message)
  }

  @Test(
    arguments: [
      ([:], "a JSON patch has to be an array of operations, not an object"),
      (nil, "a JSON patch has to be an array of operations, not null"),
      (["x"], "operation 0: an operation has to be an object, not a string"),
      ([["path": "/a"]], "operation 0 (/a): \"op\" is missing"),
      ([["op": 1, "path": "/a"]], "operation 0 (/a): \"op\" has to be a string"),
      (
        [["op": "spam", "path": "/a"]],
        "operation 0 (spam /a): unknown operation \"spam\"; there are add, remove, replace, move, copy and test"
      ),
      (
        [["op": "Add", "path": "/a", "value": 1]],
        "operation 0 (Add /a): unknown operation \"Add\"; there are add, remove, replace, move, copy and test"
      ),
      ([remove("/a"), ["op": "remove"]], "operation 1 (remove): \"path\" is missing"),
      ([["op": "remove", "path": nil]], "operation 0 (remove): \"path\" has to be a string"),
      ([["op": "add", "path": "/a"]], "operation 0 (add /a): \"value\" is missing"),
      ([["op": "test", "path": "/a"]], "operation 0 (test /a): \"value\" is missing"),
      ([["op": "replace", "path": "/a"]], "operation 0 (replace /a): \"value\" is missing"),
      ([["op": "move", "path": "/a"]], "operation 0 (move /a): \"from\" is missing"),
      ([["op": "copy", "path": "/a", "from": 1]], "operation 0 (copy /a): \"from\" has to be a string"),
      ([remove("a")], "operation 0 (remove a): \"a\" is no JSON pointer: it has to start with /"),
      (
        [move("/~2", "/a")],
        "operation 0 (move /a): \"/~2\" is no JSON pointer: after ~ only 0 or 1 may follow (write ~ as ~0, / as ~1)"
      ),
    ] as [(JSONValue, String)]
  )
  func `is no patch`(_ value: JSONValue, _ message: String) {
    let error = #expect(throws: JSONPatchError.self) { try JSONPatch(value) }
    #expect(error?.description == message)
  }

  @Test func `RFC 6902 A.13, an operation with two names, never gets past the parser`() {
    let text = #"[{"op":"add","path":"/baz","value":"qux","op":"remove"}]"#
    #expect(throws: JSONError(.duplicateKey("op"), at: 41)) { try JSONValue(parsing: Array(text.utf8)) }
  }

  @Test func `numbers are tested by value`() throws {
    let patch = try JSONPatch(JSONValue(parsing: Array(#"[{"op":"test","path":"/a","value":1.0}]"#.utf8)))
    #expect(try patch.apply(to: ["a": 1]) == ["a": 1])
  }

  @Test func `the order of members survives`() throws {
    let patch = try JSONPatch([Self.replace("/b", 0), Self.add("/a", 0), Self.add("/d", 0), Self.remove("/c")])
    #expect(try patch.apply(to: ["c": 1, "b": 1, "a": 1]).object?.keys == ["b", "a", "d"])
  }

  @Test func `copies can't blow the document up`() throws {
    let wide = JSONPatch(try (0..<64).map { _ in .copy(from: try JSONPointer(""), path: try JSONPointer("/a")) })
    #expect(try wide.apply(to: [:]).object?.count == 1)
    let double = try (0..<64).flatMap { step in
      [JSONPatchOperation.copy(from: try JSONPointer(""), path: try JSONPointer("/\(step)"))]
    }
    let error = #expect(throws: JSONPatchError.self) { try JSONPatch(double).apply(to: ["x": 1]) }
    #expect(error?.problem == .tooLarge)
    let deep = (0..<64).map { step in
      let path = JSONPointer(tokens: Array(repeating: "a", count: 1 << min(step, 20)))
      return JSONPatchOperation.copy(from: JSONPointer(), path: path)
    }
    #expect(throws: JSONPatchError.self) { try JSONPatch(deep).apply(to: ["a": 1]) }
  }

  /// Whatever a random value has at a path, what add put there is found by test and taken by remove.
  @Test(arguments: 0..<100 as Range<UInt64>)
  func `remove undoes add at a random place`(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let document: JSONValue = ["root": .random(depth: 4, using: &random)]
    let value = JSONValue.random(depth: 2, using: &random)
    var tokens: [String] = []
    var place = document
    while true {
      if let object = place.object {
        guard let key = object.keys.randomElement(using: &random), Bool.random(using: &random) else {
          tokens.append("a new key / ~ \(seed)")
          break
        }
        tokens.append(key)
        place = object[key] ?? nil
      } else if let array = place.array {
        let index = Int.random(in: 0...array.count, using: &random)
        tokens.append(String(index))
        guard index < array.count, Bool.random(using: &random) else { break }
        place = array[index]
      } else {
        tokens.removeLast()
        tokens.append(tokens.isEmpty ? "other" : "a new key / ~ \(seed)")
        break
      }
    }
    let path = JSONPointer(tokens: tokens)
    guard
      let added = try? JSONPatch([.add(path: path, value: value), .test(path: path, value: value)]).apply(to: document)
    else {
      // Only an array's parent takes no new key.
      #expect(tokens.last?.hasPrefix("a new key") == true)
      return
    }
    #expect(added != document || value == document)
    #expect(try JSONPatch([.remove(path: path)]).apply(to: added) == document)
  }
}
