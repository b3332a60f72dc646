import KubernetesObjects
import Testing

@Suite struct JSONDuplicateKeyTests {
  @Test(arguments: [
    (#"{"a":1,"a":1}"#, "a", 7),
    (#"{"":1,"":2}"#, "", 6),
    (#"{"a":1,"\u0061":2}"#, "a", 7),
    (#"{"\u0061":1,"a":2}"#, "a", 12),
    (#"{"/":1,"\/":2}"#, "/", 7),
    (#"{"\ud83d\ude00":1,"😀":2}"#, "😀", 18),
    (#"{"a":{"b":1},"c":[{"d":1,"e":2,"d":3}]}"#, "d", 31),
    (#"{"a":{"a":{"a":1}},"b":0,"a":{}}"#, "a", 25),
    (#"{"metadata":1,"metadatb":2,"netadata":3,"metadata":4}"#, "metadata", 40),
  ])
  func `refuses, compared decoded`(_ text: String, _ key: String, _ offset: Int) {
    #expect(throws: JSONError(.duplicateKey(key), at: offset)) { try JSONDocument(parsing: Array(text.utf8)) }
  }

  @Test(arguments: [
    #"{"a":{"a":{"a":1}},"b":{"a":1}}"#, #"[{"a":1},{"a":1}]"#, #"{"a":1,"A":2,"aa":3,"\u0000":4,"":5}"#,
    #"{"\\u0061":1,"a":2}"#,
  ])
  func `accepts the same key in different objects, and keys that only look alike`(_ text: String) {
    #expect(throws: Never.self) { try JSONDocument(parsing: Array(text.utf8)) }
  }

  /// Every size around the limit between the two ways of looking.
  @Test(arguments: [2, 3, 16, 31, 32, 33, 34, 64, 65, 1000])
  func `finds the duplicate wherever it is`(_ count: Int) throws {
    let keys = (0..<count).map { "key-\($0)" }
    func text(_ keys: [String]) -> [UInt8] {
      Array("{\(keys.map { "\"\($0)\":[{\"x\":0}]" }.joined(separator: ","))}".utf8)
    }
    #expect(try JSONDocument(parsing: text(keys)).root.count == count)
    for twice in Set([0, 1, count / 2, count - 1]) {
      for place in Set([twice + 1, count]) {
        var keys = keys
        keys.insert("key-\(twice)", at: place)
        let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: text(keys)) }
        #expect(error?.kind == .duplicateKey("key-\(twice)"))
        keys[place] = #"\u006bey-\#(twice)"#
        #expect(throws: JSONError.self) { try JSONDocument(parsing: text(keys)) }
      }
    }
  }

  /// Keys with equal length, ends and middle, which a quick look can't tell apart. Quadratic work would take minutes.
  @Test func `many keys that are alike end in linear time`() throws {
    let keys = (0..<100_000).map { number in
      let digits = String(number + 1_000_000)
      return "\"aaaaaaaa\(digits)aaaaaaaaaaaaaaaa\":0"
    }
    let document = try JSONDocument(parsing: Array("{\(keys.joined(separator: ","))}".utf8))
    #expect(document.root.count == 100_000)
    #expect(document.root.value.object?.count == 100_000)
    #expect(document.root.semanticallyEquals(document.root))
  }
}
