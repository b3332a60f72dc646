import KubernetesObjects
import Testing

@Suite struct JSONValueTests {
  @Test func `literals build what they look like`() {
    let name = "web"
    let value: JSONValue = ["a": nil, "b": [true, 1, "x-\(name)"], "c": [:], "d": []]
    #expect(String(decoding: value.serialized(), as: UTF8.self) == #"{"a":null,"b":[true,1,"x-web"],"c":{},"d":[]}"#)
  }

  @Test func `subscripts read, write, append and remove`() {
    var value: JSONValue = ["a": ["b": [1, 2]]]
    value["a"]?["b"]?[1] = "two"
    value["a"]?["c"] = true
    value["z"] = nil
    #expect(value == ["a": ["b": [1, "two"], "c": true]])
    value["a"]?["b"]?[0] = nil
    #expect(value["a"]?["b"] == ["two"])
    value["a"]?["b"] = nil
    #expect(value == ["a": ["c": true]])
    value[0] = 1
    value["a"]?["c"]?["d"] = 1
    #expect(value == ["a": ["c": true]])
    #expect(value[0] == nil)
    #expect(value["a"]?[0] == nil)
    var null: JSONValue = nil
    null["a"] = 1
    #expect(null == ["a": 1])
  }

  @Test func `accessors give each value only as what it is`() {
    #expect(JSONValue.null.isNull)
    #expect((1 as JSONValue).integer == 1)
    #expect((1 as JSONValue).string == nil)
    #expect(("a" as JSONValue).string == "a")
    #expect((true as JSONValue).bool == true)
    #expect(([1] as JSONValue).array?.count == 1)
    #expect((["a": 1] as JSONValue).object?.keys == ["a"])
    #expect(JSONValue.null.object == nil)
    #expect(JSONValue.null.array == nil)
    #expect(JSONValue.null.bool == nil)
    #expect(JSONValue.null.integer == nil)
  }

  @Test func `pretty printing indents and stays the same value`() throws {
    let value: JSONValue = ["a": [1, ["b": []]], "c": [:], "d": "x\ny"]
    let pretty = value.serialized(indent: 2)
    #expect(
      String(decoding: pretty, as: UTF8.self) == """
        {
          "a": [
            1,
            {
              "b": []
            }
          ],
          "c": {},
          "d": "x\\ny"
        }
        """
    )
    #expect(try JSONValue(parsing: pretty) == value)
  }

  @Test(arguments: [3, 16, 17, 100])
  func `objects keep order through changes at every size`(_ count: Int) {
    var object = JSONObject((0..<count).map { ("k\($0)", .number(JSONNumber($0))) })
    #expect(object.keys == (0..<count).map { "k\($0)" })
    object["k1"] = "changed"
    #expect(object.keys == (0..<count).map { "k\($0)" })
    object["k0"] = nil
    object["new"] = 1
    #expect(object.keys == (1..<count).map { "k\($0)" } + ["new"])
    #expect(object["k0"] == nil)
    #expect(object["k1"] == "changed")
    #expect(object["k\(count - 1)"] != nil)
    #expect(object["new"] == 1)
    for key in object.keys { object[key] = nil }
    #expect(object.isEmpty)
    #expect(object == [:])
  }

  @Test func `objects are equal in any order`() {
    let one = JSONObject((0..<50).map { ("k\($0)", .number(JSONNumber($0))) })
    var other = JSONObject((0..<50).reversed().map { ("k\($0)", .number(JSONNumber($0))) })
    #expect(one == other)
    #expect(one.hashValue == other.hashValue)
    other["k3"] = nil
    #expect(one != other)
    other["k3"] = 4
    #expect(one != other)
  }

  @Test func `the last of two members with one key counts, at the first one's place`() {
    let object: JSONObject = ["a": 1, "b": 2, "a": 3]
    #expect(object.keys == ["a", "b"])
    #expect(object["a"] == 3)
  }
}
