import FoundationEssentials
import Testing

@testable import KubernetesObjects

@Suite struct Base64Tests {
  private func encoded(_ bytes: [UInt8]) -> String {
    var writer = JSONWriter()
    writer.base64(bytes)
    return writer.text
  }

  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func `the test vectors of RFC 4648`(text: String, base64: String) {
    #expect(encoded(Array(text.utf8)) == "\"\(base64)\"")
  }

  @Test func `every twelve bits, at every place of a block`() {
    for shift in 0..<13 {
      let bytes = [UInt8](repeating: 0xFF, count: shift) + (0..<4096).flatMap { [UInt8($0 >> 4), UInt8($0 & 15) * 17] }
      #expect(encoded(bytes) == "\"\(Data(bytes).base64EncodedString())\"")
    }
  }

  @Test func `every length up to some blocks`() {
    for count in 0..<100 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ 7) }
      #expect(encoded(bytes) == "\"\(Data(bytes).base64EncodedString())\"")
    }
  }
}
