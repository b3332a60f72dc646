import AmeshTesting
import KubernetesObjects
import KubernetesYAML
import Testing

struct YAMLPrinterTests {
  @Test func `A manifest looks as kubectl prints it`() {
    let value: JSONValue = [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "a", "labels": [:], "annotations": ["on": "yes"]],
      "spec": [
        "containers": [
          ["name": "app", "args": ["--flag", "a b", "x: y"], "env": [], "ports": [["containerPort": 80]]],
          ["name": "other", "command": ["sh", "-c", "echo a\necho b\n"]],
        ],
        "matrix": [[1, 2], [], [[3]]],
      ],
    ]
    #expect(
      YAMLPrinter.print(value) == """
        apiVersion: v1
        kind: Pod
        metadata:
          name: a
          labels: {}
          annotations:
            "on": "yes"
        spec:
          containers:
          - name: app
            args:
            - "--flag"
            - a b
            - "x: y"
            env: []
            ports:
            - containerPort: 80
          - name: other
            command:
            - sh
            - "-c"
            - |
              echo a
              echo b
          matrix:
          - - 1
            - 2
          - []
          - - - 3

        """
    )
  }

  @Test(
    arguments: [
      ("plain", "plain"), ("10.0.0.1", "10.0.0.1"), ("nginx:1.25", "nginx:1.25"), ("a#b", "a#b"), ("a:b", "a:b"),
      ("", "\"\""), ("yes", "\"yes\""), ("y", "\"y\""), ("1", "\"1\""), ("1e3", "\"1e3\""), ("0x1f", "\"0x1f\""),
      ("null", "\"null\""), ("~", "\"~\""), (".inf", "\".inf\""), ("12:30", "\"12:30\""),
      ("2001-01-01", "\"2001-01-01\""),
      ("a: b", "\"a: b\""), ("a #b", "\"a #b\""), ("a:", "\"a:\""), (" a", "\" a\""), ("a ", "\"a \""), ("-", "\"-\""),
      ("- a", "\"- a\""), ("*a", "\"*a\""), ("&a", "\"&a\""), ("!a", "\"!a\""), ("%a", "\"%a\""), ("@a", "\"@a\""),
      ("`a", "\"`a\""), ("<<", "\"<<\""), ("=", "\"=\""), ("{a", "\"{a\""), ("[a", "\"[a\""), ("a\tb", "\"a\\tb\""),
      ("\u{0}", "\"\\x00\""), ("\u{85}", "\"\\x85\""), ("\u{2028}", "\"\\u2028\""), ("a\u{FEFF}", "\"a\\ufeff\""),
      ("é😀", "é😀"), ("a\"b", "a\"b"), ("\"", "\"\\\"\""), ("a\rb", "\"a\\rb\""), ("---", "\"---\""), ("...", "\"...\""),
    ]
  )
  func `A string is quoted only where it has to be`(string: String, spelling: String) throws {
    #expect(YAMLPrinter.print(["k": .string(string)]) == "k: \(spelling)\n")
    #expect(try read("k: \(spelling)\n") == ["k": .string(string)])
  }

  @Test(
    arguments: [
      ("a\nb", "k: |-\n  a\n  b\n"), ("a\nb\n", "k: |\n  a\n  b\n"), ("a\nb\n\n", "k: |+\n  a\n  b\n\n"),
      ("a\n\nb", "k: |-\n  a\n\n  b\n"), ("a\n  b", "k: |-\n  a\n    b\n"), (" a\nb", "k: \" a\\nb\"\n"),
      ("\na", "k: \"\\na\"\n"), ("\n", "k: \"\\n\"\n"), ("a\r\nb", "k: \"a\\r\\nb\"\n"),
      ("a\n \nb", "k: \"a\\n \\nb\"\n"),
      ("# no comment\n--- \nb", "k: |-\n  # no comment\n  --- \n  b\n"),
    ]
  )
  func `Several lines become a block`(string: String, text: String) throws {
    #expect(YAMLPrinter.print(["k": .string(string)]) == text)
    #expect(try read(text) == ["k": .string(string)])
  }

  @Test func `Documents are separated`() throws {
    let text = YAMLPrinter.print(stream: [["a": 1], ["b": 2]])
    #expect(text == "a: 1\n---\nb: 2\n")
  }

  @Test(arguments: [1000, 1100, 5000])
  func `A key of any length is read back`(length: Int) throws {
    let key = String(repeating: "k", count: length)
    for value in [["a": ["b": 1]], "x", ["l"], [], "a\nb\n"] as [JSONValue] {
      let document: JSONValue = .object(JSONObject([("first", 1), (key, value), ("last", [.object([key: value])])]))
      #expect(try read(YAMLPrinter.print(document)) == document)
    }
  }

  @Test(arguments: 0..<16)
  func `Whatever is printed is read back`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<60 {
      let value = distinct(JSONValue.random(depth: 5, using: &random))
      guard value != .null else { continue }
      let text = YAMLPrinter.print(value)
      let back = try read(text)
      #expect(back == value, "\(text)")
      #expect(keys(back) == keys(value))
    }
  }

  /// Without keys that are one Unicode string in two spellings, which the YAML parser takes for duplicates.
  private func distinct(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements): return .array(elements.map(distinct))
    case .object(let object):
      var seen: Set<String> = []
      return .object(JSONObject(object.filter { seen.insert($0.key).inserted }.map { ($0.key, distinct($0.value)) }))
    default: return value
    }
  }

  private func keys(_ value: JSONValue) -> [String] {
    switch value {
    case .array(let elements): elements.flatMap(keys)
    case .object(let object): object.flatMap { [$0.key] + keys($0.value) }
    default: []
    }
  }

  private func read(_ text: String) throws -> JSONValue {
    try #require(try YAMLDocument.stream(Array(text.utf8)).first).value
  }
}
