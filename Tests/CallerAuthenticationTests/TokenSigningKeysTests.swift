import CryptoExtras
import FoundationEssentials
import Testing

@testable import CallerAuthentication

@Suite struct TokenSigningKeysTests {
  let forge: TokenForge

  init() throws { forge = try TokenForge.shared.get() }

  private func keys(_ keys: String...) throws -> TokenSigningKeys {
    try TokenSigningKeys(parsing: Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8))
  }

  /// A key that is used next to one that is ignored, and why that one is.
  private func warning(_ key: String) throws -> String {
    let both = try keys(key, TokenForge.jwk(forge.ec.publicKey, id: "good"))
    #expect(both.count == 1)
    #expect(both.named("good").count == 1)
    #expect(both.warnings.count == 1)
    return both.warnings.first ?? ""
  }

  private var rsa: String { get throws { try TokenForge.jwk(forge.rsa.publicKey) } }
  private var ec: String { TokenForge.jwk(forge.ec.publicKey) }

  @Test func `the keys of a cluster are found by their names`() throws {
    let keys = try keys(rsa, ec)
    #expect(keys.count == 2 && keys.warnings.isEmpty)
    #expect(keys.named("rsa").map(\.algorithm) == [.rs256])
    #expect(keys.named("ec").map(\.algorithm) == [.es256])
    #expect(keys.named("").isEmpty)
  }

  @Test func `use, alg and key_ops may be missing`() throws {
    let key = ec.replacing(#""use":"sig","#, with: "").replacing(#""alg":"ES256","#, with: "")
    #expect(try keys(key).count == 1)
    #expect(try keys(key.replacing("{", with: #"{"key_ops":["sign","verify"],"#)).count == 1)
  }

  @Test func `one name for a key of each kind`() throws {
    let keys = try keys(TokenForge.jwk(forge.rsa.publicKey, id: "k"), TokenForge.jwk(forge.ec.publicKey, id: "k"))
    #expect(keys.count == 2 && keys.warnings.isEmpty)
    for algorithm in TokenAlgorithm.allCases {
      let token = try forge.token(algorithm, header: #"{"alg":"\#(algorithm.rawValue)","kid":"k"}"#)
      #expect(throws: Never.self) { try verify(token, keys: keys) }
    }
  }

  @Test func `a second key of the same name and kind is ignored`() throws {
    let keys = try keys(ec, TokenForge.jwk(TokenForge().ec.publicKey), rsa)
    #expect(keys.count == 2)
    #expect(keys.warnings == [#"key 2 of the JWK Set is ignored: an earlier key has the same "kid""#])
    #expect(throws: Never.self) { try verify(forge.token(), keys: keys) }
  }

  @Test(arguments: [
    (#""kid":"ec""#, #""kid":"""#, "no \"kid\""), (#""kid":"ec","#, "", "no \"kid\""),
    (#""kid":"ec""#, #""kid":"e c""#, "no \"kid\""), (#""kid":"ec""#, #""kid":7"#, "no \"kid\""),
    (#""use":"sig""#, #""use":"enc""#, "not meant for verifying"), (#""use":"sig""#, #""use":1"#, "not meant"),
    (#""use":"sig""#, #""key_ops":["sign"]"#, "not meant for verifying"),
    (#""use":"sig""#, #""key_ops":1"#, "not meant"),
    (#""alg":"ES256""#, #""alg":"ES384""#, "\"alg\" is not"), (#""alg":"ES256""#, #""alg":"RS256""#, "\"alg\" is not"),
    (#""crv":"P-256""#, #""crv":"P-384""#, "neither RSA nor EC on P-256"),
    (#""crv":"P-256","#, "", "neither RSA nor EC on P-256"), (#""kty":"EC""#, #""kty":"OKP""#, "neither RSA nor EC"),
    (#""kty":"EC""#, #""kty":"oct""#, "neither RSA nor EC"), (#""kty":"EC""#, #""kty":"ec""#, "neither RSA nor EC"),
    (#""x":""#, #""x":"AA"#, "no JSON Web Key"), (#""x":""#, #""z":""#, "no JSON Web Key"),
    (#""x":""#, #""x":"AAAA"#, "no valid public key"), (#""kty":"EC""#, #""kty":"RSA""#, "no JSON Web Key"),
    ("{", #"{"d":"AA","#, "holds a private"), ("{", #"{"k":"AA","#, "holds a private"),
  ])
  func `keys that no token can be signed with`(_ part: String, _ change: String, _ expected: String) throws {
    let warning = try warning(ec.replacing(part, with: change, maxReplacements: 1))
    #expect(warning.contains(expected), "\(warning)")
    #expect(warning.hasPrefix("key 1 of the JWK Set is ignored: "))
  }

  @Test(arguments: ["1", "null", "[]", #""key""#, "{}"])
  func `elements that are no key`(_ element: String) throws {
    #expect(throws: Never.self) { try warning(element) }
  }

  @Test func `a point that is not on the curve`() throws {
    let point = forge.ec.publicKey.rawRepresentation
    let (x, y) = (Base64URL.encode(point.prefix(32)), Base64URL.encode(point.suffix(32)))
    #expect(try warning(ec.replacing(y, with: x)).contains("no valid public key"))
    #expect(try warning(ec.replacing(y, with: Base64URL.encode([UInt8](repeating: 0, count: 32)))).contains("no valid"))
  }

  @Test func `RSA keys that are too short, too long, or nonsense`() throws {
    let exponent: [UInt8] = [1, 0, 1]
    let short = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024)).publicKey
    #expect(try warning(TokenForge.jwk(short)).contains("RSA of 2048 to 8192 bits"))
    let numbers = try forge.rsa.publicKey.getKeyPrimitives()
    let modulus = Array(numbers.modulus)
    #expect(TokenSigningKey(modulus: modulus, exponent: exponent) != nil)
    #expect(TokenSigningKey(modulus: [0x7F] + modulus.dropFirst(), exponent: exponent) == nil)
    #expect(TokenSigningKey(modulus: [0] + modulus, exponent: exponent) == nil)
    #expect(TokenSigningKey(modulus: [1] + [UInt8](repeating: 255, count: 1024), exponent: exponent) == nil)
    for exponent: [UInt8] in [[], [0], [1], [2], [0, 1, 0, 1], [1, 0, 0], [1, 0, 0, 0, 1]] {
      #expect(TokenSigningKey(modulus: modulus, exponent: exponent) == nil, "\(exponent)")
    }
    #expect(TokenSigningKey(modulus: [], exponent: exponent) == nil)
  }

  @Test func `a set without a usable key is an error that tells why`() throws {
    let error = #expect(throws: TokenSigningKeysError.self) { try keys(rsa.replacing("RS256", with: "PS256"), "{}") }
    #expect(error?.description.contains("key 1 of the JWK Set is ignored") == true)
    #expect(error?.description.contains("key 2 of the JWK Set is ignored") == true)
    #expect(throws: TokenSigningKeysError.noUsableKey([])) {
      try TokenSigningKeys(parsing: Array(#"{"keys":[]}"#.utf8))
    }
  }

  @Test(arguments: ["{}", "[]", "1", #"{"keys":{}}"#, #"{"keys":null}"#, #"{"Keys":[]}"#])
  func `JSON that is no key set`(_ text: String) {
    #expect(throws: TokenSigningKeysError.notAKeySet) { try TokenSigningKeys(parsing: Array(text.utf8)) }
  }

  @Test(arguments: [
    "", "keys", "-----BEGIN PUBLIC KEY-----", #"{"keys":[],"keys":[]}"#, #"{"keys":[[[[[[[[[]]]]]]]]]}"#,
  ])
  func `text that is no JSON of ours`(_ text: String) {
    let error = #expect(throws: TokenSigningKeysError.self) { try TokenSigningKeys(parsing: Array(text.utf8)) }
    #expect(error?.description.hasPrefix("the JWK Set is no JSON") == true)
  }

  @Test func `too much of it`() {
    let spaces = [UInt8](repeating: UInt8(ascii: " "), count: 256 * 1024 + 1)
    #expect(throws: TokenSigningKeysError.tooLong(256 * 1024 + 1)) { try TokenSigningKeys(parsing: spaces) }
    let many = #"{"keys":[\#([String](repeating: "{}", count: 65).joined(separator: ","))]}"#
    #expect(throws: TokenSigningKeysError.tooManyKeys(65)) { try TokenSigningKeys(parsing: Array(many.utf8)) }
  }
}
