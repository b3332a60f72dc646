import AmeshTesting
import KubernetesObjects
import Testing

@testable import PluginConfiguration

@Suite struct JSONSchemaTests {
  @Test(
    arguments: [
      (["type": "integer"], [1, 1.0, -3], [1.5, "1", nil]),
      (["type": ["string", "null"]], ["", nil], [1, [:]]),
      (["enum": [1, "a"]], [1, 1.0, "a"], [2, "A"]),
      (["const": ["a": 1]], [["a": 1.0]], [["a": 2], [:]]),
      (["minimum": 2, "maximum": 4], [2, 4, 3.5, "no number"], [1.9, 5]),
      (["minimum": 2, "exclusiveMinimum": true], [3], [2]),
      (["exclusiveMinimum": 2, "exclusiveMaximum": 4], [3], [2, 4]),
      (["multipleOf": 0.1], [0.3, 2], [0.35]),
      (["minLength": 2, "maxLength": 3], ["ää", "abc"], ["a", "abcd"]),
      (["pattern": "^[a-z]+$"], ["abc"], ["", "aBc"]),
      (["pattern": "b"], ["abc"], ["ac"]),
      (["pattern": "(unreadable"], ["abc"], []),
      (["format": "ipv4"], ["10.0.0.1"], ["::1", "a"]),
      (["format": "ipv6"], ["::1"], ["10.0.0.1"]),
      (["required": ["a"]], [["a": nil], "no object"], [[:]]),
      (["properties": ["a": ["type": "string"]]], [["a": "x", "b": 1], [:]], [["a": 1]]),
      (
        ["properties": ["a": [:]], "patternProperties": ["^x-": ["type": "string"]], "additionalProperties": false],
        [["a": 1, "x-b": "1"]], [["b": 1], ["x-b": 1]]
      ),
      (["additionalProperties": ["type": "number"]], [["a": 1]], [["a": ""]]),
      (["minProperties": 1, "maxProperties": 1], [["a": 1]], [[:], ["a": 1, "b": 2]]),
      (["propertyNames": ["maxLength": 1]], [["a": 1]], [["ab": 1]]),
      (["dependencies": ["a": ["b"]]], [["b": 1], ["a": 1, "b": 1]], [["a": 1]]),
      (["dependencies": ["a": ["required": ["b"]]]], [["a": 1, "b": 1]], [["a": 1]]),
      (["items": ["type": "number"], "minItems": 1, "maxItems": 2], [[1], [1, 2]], [[], [1, 2, 3], [""]]),
      (["items": [["type": "number"]], "additionalItems": false], [[1]], [[""], [1, 2]]),
      (["uniqueItems": true], [[1, 2]], [[1, 1.0]]),
      (["contains": ["const": 1]], [[2, 1]], [[2], []]),
      (["allOf": [["minimum": 1], ["maximum": 2]]], [1, 2], [0, 3]),
      (["anyOf": [["type": "string"], ["minimum": 5]]], ["a", 5], [4]),
      (["oneOf": [["minimum": 1], ["maximum": 3]]], [0, 4], [2]),
      (["not": ["required": ["a"]]], [[:]], [["a": 1]]),
      (
        ["if": ["required": ["a"]], "then": ["required": ["b"]], "else": ["required": ["c"]]],
        [["a": 1, "b": 1], ["c": 1]], [["a": 1], [:]]
      ),
      (
        ["definitions": ["x": ["type": "string"]], "properties": ["a": ["$ref": "#/definitions/x"]]],
        [["a": ""]], [["a": 1]]
      ),
      (["$ref": "https://elsewhere.example/x"], [1], []),
      (["anyOf": [["$ref": "#"], ["$ref": "#"]]], [1], []),
      (["unheardOf": 1], [1, [:]], []),
    ] as [(JSONValue, [JSONValue], [JSONValue])]
  )
  func `keywords`(_ schema: JSONValue, _ good: [JSONValue], _ bad: [JSONValue]) {
    let schema = JSONSchema(root: schema)
    for value in good { #expect(schema.problems(of: value, at: "x") == [], "\(value)") }
    for value in bad { #expect(schema.problems(of: value, at: "x") != [], "\(value)") }
  }

  @Test(arguments: 0..<300) func `whatever the schema, an answer comes`(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let words = [
      "type", "properties", "items", "anyOf", "not", "required", "pattern", "minimum", "enum", "dependencies", "if",
      "then", "patternProperties", "additionalProperties", "minLength", "$ref", "oneOf", "object", "a", "#", "^a",
    ]
    func value(_ depth: Int) -> JSONValue {
      switch Int.random(in: 0..<(depth > 0 ? 8 : 4), using: &random) {
      case 0: return .string(words[Int.random(in: words.indices, using: &random)])
      case 1: return .number(JSONNumber(Int.random(in: -2...3, using: &random)))
      case 2: return .bool(Bool.random(using: &random))
      case 3: return .null
      case 4: return .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth - 1) })
      default:
        return .object(
          JSONObject(
            (0..<Int.random(in: 0..<5, using: &random)).map { _ in
              (words[Int.random(in: words.indices, using: &random)], value(depth - 1))
            }
          )
        )
      }
    }
    let schema = JSONSchema(root: value(5))
    for _ in 0..<10 { #expect(schema.problems(of: value(3), at: "x").count <= JSONSchema.maximumProblems) }
  }
}
