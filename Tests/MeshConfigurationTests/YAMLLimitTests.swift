import AmeshTesting
import KubernetesObjects
import KubernetesYAML
import Testing

/// Texts that mean harm end as errors, soon.
struct YAMLLimitTests {
  @Test func `Aliases of aliases are bounded`() throws {
    var text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
    for level in 1...9 {
      let alias = "*a\(level - 1)"
      text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 9).joined(separator: ", "))]\n"
    }
    let error = try #require(throws: YAMLError.self) { try YAMLDocument.stream(Array(text.utf8)) }
    #expect(error.message == "aliases add more than 4194304 bytes to the text; write it out")
  }

  @Test func `A long string is not multiplied by aliases without end`() throws {
    var text = "a: &a \"\(String(repeating: "x", count: 100_000))\"\nb:\n"
    for _ in 0..<60 { text += "- *a\n" }
    #expect(throws: YAMLError.self) { try YAMLDocument.stream(Array(text.utf8)) }
  }

  @Test(arguments: [
    "? *a40\n: x\n", "*a40 : x\n", "{*a40 : x}\n", "- ? [*a40]\n  : x\n", "[*a40]: x\n", "{[*a40] : x}\n",
  ])
  func `Aliases of aliases in a key are refused before they are hashed`(key: String) throws {
    var text = "- &a0 [x]\n"
    for level in 1...40 { text += "- &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    for prefix in ["", "- "] {
      let error = try #require(throws: YAMLError.self) {
        try YAMLDocument.stream(Array((text + "- \(prefix)" + key).utf8))
      }
      #expect(error.message == "aliases in keys are not read; write the key out")
      #expect(error.mark?.line == 42)
    }
  }

  @Test func `Many harmless aliases are read`() throws {
    var text = "base: &base {image: x}\nlist:\n"
    for index in 0..<200 { text += "- {<<: *base, name: n\(index)}  # why: because\n- *base\n" }
    let value = try #require(try YAMLDocument.stream(Array(text.utf8)).first).value
    #expect(value["list"]?.array?.count == 400)
  }

  @Test(arguments: [127, 128, 500, 5000, 200_000])
  func `Nesting is bounded`(depth: Int) throws {
    let texts = [
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth),
      String(repeating: "{a: ", count: depth) + String(repeating: "}", count: depth),
      String(repeating: "- ", count: depth),
    ]
    for text in texts {
      if depth < 128 {
        #expect(try YAMLDocument.stream(Array(text.utf8)).count == 1)
      } else if depth > 128 {
        #expect(throws: YAMLError.self) { try YAMLDocument.stream(Array(text.utf8)) }
      }
    }
  }

  @Test func `Size is bounded`() {
    var limits = YAMLLimits()
    limits.size = 10
    #expect(throws: YAMLError("the text has 11 bytes; at most 10 are read")) {
      try YAMLDocument.stream(Array("a: 12345678".utf8), limits: limits)
    }
  }

  @Test(arguments: 0..<8)
  func `Broken texts end as errors or values`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let pieces = [
      "a", ":", ": ", "- ", "\n", "  ", "? ", "[", "]", "{", "}", ",", "&x ", "*x", "!t ", "!!int ", "|", ">", "'",
      "\"",
      "#", "<<", "---\n", "...", "%", "@", "\t", "\\", "1", "~", "\u{85}", "é", "|2-\n",
    ]
    for _ in 0..<500 {
      let count = Int.random(in: 0...40, using: &random)
      let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      guard let documents = try? YAMLDocument.stream(Array(text.utf8)) else { continue }
      for document in documents {
        let printed = YAMLPrinter.print(document.value)
        #expect(
          (try? YAMLDocument.stream(Array(printed.utf8)).first?.value) == document.value,
          "\(text.debugDescription)"
        )
      }
    }
  }
}
