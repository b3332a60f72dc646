import KubernetesObjects
import Testing

@Suite struct LabelSelectorTests {
  @Test(
    arguments: [
      ([:], [:], true),
      ([:], ["a": "1"], true),
      (["matchLabels": nil, "matchExpressions": nil], ["a": "1"], true),
      (["matchLabels": [:], "matchExpressions": []], [:], true),
      (["matchLabels": ["a": "1"]], ["a": "1", "b": "2"], true),
      (["matchLabels": ["a": "1"]], ["a": "2"], false),
      (["matchLabels": ["a": "1"]], [:], false),
      (["matchLabels": ["a": ""]], [:], false),
      (["matchLabels": ["a": ""]], ["a": ""], true),
      (["matchLabels": ["a": "1", "b": "2"]], ["a": "1"], false),
      (["matchExpressions": [["key": "a", "operator": "In", "values": ["1", "2"]]]], ["a": "2"], true),
      (["matchExpressions": [["key": "a", "operator": "In", "values": ["1", "2"]]]], ["a": "3"], false),
      (["matchExpressions": [["key": "a", "operator": "In", "values": ["1", ""]]]], [:], false),
      (["matchExpressions": [["key": "a", "operator": "NotIn", "values": ["1"]]]], ["a": "1"], false),
      (["matchExpressions": [["key": "a", "operator": "NotIn", "values": ["1"]]]], ["a": "2"], true),
      (["matchExpressions": [["key": "a", "operator": "NotIn", "values": ["1"]]]], [:], true),
      (["matchExpressions": [["key": "a", "operator": "Exists"]]], ["a": ""], true),
      (["matchExpressions": [["key": "a", "operator": "Exists", "values": []]]], [:], false),
      (["matchExpressions": [["key": "a", "operator": "DoesNotExist"]]], [:], true),
      (["matchExpressions": [["key": "a", "operator": "DoesNotExist", "values": nil]]], ["a": ""], false),
      (
        [
          "matchLabels": ["a": "1"],
          "matchExpressions": [["key": "b", "operator": "Exists"], ["key": "c", "operator": "DoesNotExist"]],
        ],
        ["a": "1", "b": "x"], true
      ),
      (
        [
          "matchLabels": ["a": "1"],
          "matchExpressions": [["key": "b", "operator": "Exists"], ["key": "c", "operator": "DoesNotExist"]],
        ],
        ["a": "1", "b": "x", "c": "y"], false
      ),
      (["matchLabels": ["app.kubernetes.io/name": "K"]], ["app.kubernetes.io/name": "\u{212A}"], false),
      (["matchExpressions": [["key": "a", "operator": "NotIn", "values": ["K"]]]], ["a": "\u{212A}"], true),
    ] as [(JSONValue, [String: String], Bool)]
  )
  func `matches`(_ selector: JSONValue, _ labels: [String: String], _ expected: Bool) throws {
    let selector = try LabelSelector(selector)
    #expect(selector.matches { labels[$0] } == expected)
    #expect(try LabelSelector(selector.value) == selector)
    let document = try JSONDocument(
      parsing: JSONValue.object(JSONObject(labels.map { ($0.key, .string($0.value)) })).serialized()
    )
    #expect(selector.matches { document.root[$0]?.string } == expected)
  }

  @Test(
    arguments: [
      (nil, "a label selector has to be an object, not null"),
      ([], "a label selector has to be an object, not an array"),
      (
        ["matchLabel": [:]],
        "a label selector has no field \"matchLabel\"; it has matchLabels and matchExpressions"
      ),
      (["matchLabels": []], "matchLabels has to be an object, not an array"),
      (["matchLabels": ["a": 1]], "matchLabels \"a\" has to be a string, not a number"),
      (["matchLabels": ["a": nil]], "matchLabels \"a\" has to be a string, not null"),
      (
        ["matchLabels": ["-a": ""]],
        "\"-a\" is no label key: [prefix/]name, at most 63 of A-Z a-z 0-9 - _ . in the name"
      ),
      (
        ["matchLabels": ["a": "b c"]],
        "\"b c\" is no label value: at most 63 of A-Z a-z 0-9 - _ . with a letter or digit at both ends"
      ),
      (["matchExpressions": [:]], "matchExpressions has to be an array, not an object"),
      (["matchExpressions": ["a"]], "an expression has to be an object, not a string"),
      (["matchExpressions": [["operator": "Exists"]]], "an expression's key has to be a string, not missing"),
      (
        ["matchExpressions": [["key": "a", "operator": "in", "values": ["1"]]]],
        "operator of \"a\" has to be In, NotIn, Exists or DoesNotExist, not \"in\""
      ),
      (
        ["matchExpressions": [["key": "a"]]],
        "operator of \"a\" has to be In, NotIn, Exists or DoesNotExist, not nothing"
      ),
      (["matchExpressions": [["key": "a", "operator": "In"]]], "In of \"a\" needs at least one of values"),
      (
        ["matchExpressions": [["key": "a", "operator": "NotIn", "values": []]]],
        "NotIn of \"a\" needs at least one of values"
      ),
      (
        ["matchExpressions": [["key": "a", "operator": "Exists", "values": ["1"]]]],
        "Exists of \"a\" takes no values"
      ),
      (
        ["matchExpressions": [["key": "a", "operator": "In", "values": "1"]]],
        "values of \"a\" has to be an array, not a string"
      ),
      (
        ["matchExpressions": [["key": "a", "operator": "In", "values": [1]]]],
        "values of \"a\" has to be strings, not a number"
      ),
      (
        ["matchExpressions": [["key": "a", "operator": "Exists", "value": "1"]]],
        "an expression has no field \"value\"; it has key, operator and values"
      ),
    ] as [(JSONValue, String)]
  )
  func `refuses`(_ selector: JSONValue, _ message: String) {
    let error = #expect(throws: LabelSelectorError.self) { try LabelSelector(selector) }
    #expect(error?.description == message)
  }

  @Test func `built in code it is the same as read`() throws {
    let selector = LabelSelector(
      matchLabels: ["b": "2", "a": "1"],
      matchExpressions: [.init(key: "c", operator: .in, values: ["3"]), .init(key: "d", operator: .exists)]
    )
    #expect(
      String(decoding: selector.value.serialized(), as: UTF8.self)
        == #"{"matchLabels":{"a":"1","b":"2"},"matchExpressions":[{"key":"c","operator":"In","values":["3"]},"#
        + #"{"key":"d","operator":"Exists"}]}"#
    )
    #expect(try LabelSelector(selector.value) == selector)
    #expect(!selector.isEmpty)
    #expect(LabelSelector().isEmpty)
    #expect(LabelSelector().value == [:])
  }
}
