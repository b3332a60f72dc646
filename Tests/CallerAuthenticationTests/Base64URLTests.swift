import AmeshTesting
import CallerAuthentication
import Testing

@Suite struct Base64URLTests {
  /// RFC 4648, section 10, without padding, and the two characters that differ from plain base64.
  @Test(arguments: [
    ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
    ("foobar", "Zm9vYmFy"), ("\u{FB}\u{FF}", "w7vDvw"), ("~~~???", "fn5-Pz8_"),
  ])
  func `the examples of the RFC`(_ text: String, _ encoded: String) {
    #expect(Base64URL.encode(text.utf8) == encoded)
    #expect(Base64URL.decode(Array(encoded.utf8)[...]) == Array(text.utf8))
  }

  @Test(arguments: ["Z", "Zg=", "Zg==", "Zh", "Zm9", "Zm9vY", "Zm 9v", "Zm9v\n", "Zm+v", "Zm/v", "Zm9é", "Zm9v\u{0}"])
  func `text that is not the one spelling of anything`(_ text: String) {
    #expect(Base64URL.decode(Array(text.utf8)[...]) == nil)
  }

  @Test func `bytes come back, and only one text gives them`() {
    var random = SeededRandom(seed: 7)
    for count in 0..<200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      let text = Array(Base64URL.encode(bytes).utf8)
      #expect(Base64URL.decode(text[...]) == bytes)
      let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      if let decoded = Base64URL.decode(noise[...]) { #expect(Array(Base64URL.encode(decoded).utf8) == noise) }
    }
  }
}
