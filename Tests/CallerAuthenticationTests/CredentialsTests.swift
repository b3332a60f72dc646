import Testing

@testable import CallerAuthentication

@Suite struct CredentialsTests {
  @Test(arguments: ["Bearer abc", "bearer abc", "BEARER abc", "bEaReR abc"])
  func `the scheme is read in any case`(_ value: String) throws {
    #expect(try BearerToken(authorization: value).bytes == Array("abc".utf8))
  }

  @Test(arguments: [
    "", "Bearer", "Bearer ", "Bearer  abc", "Bearer abc ", "Bearer a b", "Bearer\tabc", "Bearer\u{0}abc", "Basic abc",
    "abc", "Bearer ä", "Bearerabc", " Bearer abc", "Bearer abc\n", "Bearer abc\u{7F}", "Bearer:abc", "ＢearerX abc",
  ])
  func `anything else is no bearer token`(_ value: String) {
    #expect(throws: CredentialsError.notBearer) { try BearerToken(authorization: value) }
  }

  @Test func `two authorization values are two callers, so none`() {
    #expect(throws: CredentialsError.ambiguous) {
      try Credentials(authorization: ["Bearer a", "Bearer a"], certificateChain: [])
    }
  }

  @Test func `none or one authorization value`() throws {
    #expect(try Credentials(authorization: [], certificateChain: [[1]]).token == nil)
    #expect(try Credentials(authorization: ["Bearer a"], certificateChain: []).token?.bytes == [UInt8(ascii: "a")])
  }

  @Test func `a token never shows, its hash does`() throws {
    let token = try BearerToken(authorization: "Bearer hello")
    let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    #expect(token.hash.description == hash)
    var dumped = ""
    dump(token, to: &dumped)
    for text in ["\(token)", String(reflecting: token), dumped] {
      #expect(!text.contains("hello") && !text.contains("104") && text.contains(hash))
    }
  }

  @Test func `hashes differ in any of their bytes`() {
    let hashes = (0..<64).map { CredentialHash(of: [$0]) }
    for (index, one) in hashes.enumerated() {
      for (other, two) in hashes.enumerated() {
        #expect(one.equalsInConstantTime(two) == (index == other))
        #expect((one == two) == (index == other))
      }
    }
  }
}
