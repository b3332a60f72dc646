import Testing

@testable import KubernetesObjects

@Suite struct JSONKeysTests {
  @Test(arguments: 0...20, ["", "        "])
  func `a key is found again at any length, however spelled, also at the end of the text`(length: Int, end: String) {
    let key = String("abcdefghijklmnopqrst".prefix(length))
    let escaped = key.unicodeScalars.map { "\\u00" + String($0.value, radix: 16) }.joined()
    for (first, second) in [(key, key), (key, escaped), (escaped, key), (escaped, escaped)] {
      let text = #"{"\#(first)":[],"other":1,"\#(second)":0}\#(end)"#
      #expect(throws: JSONError(.duplicateKey(key), at: first.utf8.count + 17)) {
        try JSONDocument(parsing: Array(text.utf8))
      }
    }
  }

  @Test(arguments: 0...20)
  func `keys that differ in one byte are two`(length: Int) throws {
    let key = Array("abcdefghijklmnopqrst".utf8.prefix(length))
    for index in key.indices {
      var other = key
      other[index] = UInt8(ascii: "-")
      let text = Array(
        #"{"\#(String(decoding: key, as: UTF8.self))":1,"\#(String(decoding: other, as: UTF8.self))":2}"#.utf8
      )
      #expect(try JSONDocument(parsing: text).root.count == 2)
    }
  }
}
