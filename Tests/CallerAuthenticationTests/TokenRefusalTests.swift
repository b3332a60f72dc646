import CallerAuthentication
import Crypto
import CryptoExtras
import FoundationEssentials
import KubernetesObjects
import Testing

/// Every way in which a token is wrong, and what is said of it.
@Suite struct TokenRefusalTests {
  let forge: TokenForge

  init() throws { forge = try TokenForge.shared.get() }

  private func expect(
    _ expected: ServiceAccountTokenError,
    _ token: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: expected, sourceLocation: sourceLocation) { try verify(token) }
  }

  /// The error's text, where it has parts that are of no interest.
  private func problem(_ token: String) -> String {
    do {
      _ = try verify(token)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  // MARK: Form

  @Test(arguments: [
    "x", "..", "a.b", "a.b.c.d", "a..c", ".b.c", "a.b.", "a.b.c.d.e", String(repeating: ".", count: 16 * 1024),
  ])
  func `anything but three segments`(_ token: String) {
    expect(.notThreeSegments, token)
  }

  @Test func `text that is no base64url`() throws {
    let segments = try forge.token().split(separator: ".").map(String.init)
    let wrong: [(ServiceAccountTokenError.Segment, Int)] = [(.header, 0), (.claims, 1), (.signature, 2)]
    for (segment, index) in wrong {
      for change in ["=", "+", "/", "!", "A", "~"] {
        var changed = segments
        // A fourth byte more leaves six bits over, or is outside of the alphabet.
        while change == "A", changed[index].utf8.count % 4 != 0 { changed[index] += "A" }
        changed[index] += change
        expect(.notBase64URL(segment), changed.joined(separator: "."))
      }
    }
  }

  @Test func `a second spelling of the same bytes`() throws {
    // 64 bytes are 86 characters, of which the last one has four bits to spare.
    let token = try forge.token()
    let last = try #require(token.utf8.last.map { Character(Unicode.Scalar($0)) })
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    let index = try #require(alphabet.firstIndex(of: last))
    #expect(index % 16 == 0)
    for other in index + 1..<index + 16 {
      expect(.notBase64URL(.signature), String(token.dropLast()) + String(alphabet[other]))
    }
  }

  @Test func `more than 16 KiB, before anything else is looked at`() {
    #expect(throws: CredentialsError.tokenTooLong(16 * 1024 + 1)) {
      try BearerToken([UInt8](repeating: UInt8(ascii: "a"), count: 16 * 1024 + 1))
    }
    #expect(throws: CredentialsError.tokenTooLong(100_007)) {
      try BearerToken(authorization: "Bearer " + String(repeating: "a", count: 100_000))
    }
  }

  // MARK: Header

  @Test(arguments: [
    ("none", #"{"alg":"none","kid":"rsa"}"#), ("None", #"{"alg":"None","kid":"rsa"}"#),
    ("HS256", #"{"alg":"HS256","kid":"rsa"}"#), ("RS512", #"{"alg":"RS512","kid":"rsa"}"#),
    ("PS256", #"{"alg":"PS256","kid":"rsa"}"#), ("ES384", #"{"alg":"ES384","kid":"ec"}"#),
    ("EdDSA", #"{"alg":"EdDSA","kid":"ec"}"#), ("rs256", #"{"alg":"rs256","kid":"rsa"}"#),
    ("RS256 ", #"{"alg":"RS256 ","kid":"rsa"}"#), ("", #"{"alg":"","kid":"rsa"}"#),
  ])
  func `algorithms but ours`(_ name: String, _ header: String) throws {
    expect(.algorithm(name), try forge.token(header: header))
  }

  @Test(arguments: [
    #"{"kid":"ec"}"#, #"{"alg":null,"kid":"ec"}"#, #"{"alg":["ES256"],"kid":"ec"}"#, #"{"alg":256,"kid":"ec"}"#,
  ])
  func `no algorithm`(_ header: String) throws {
    expect(.algorithm(nil), try forge.token(header: header))
  }

  @Test func `no signature at all`() throws {
    let header = Base64URL.encode(#"{"alg":"none","kid":"rsa"}"#.utf8)
    expect(.notThreeSegments, "\(header).\(Base64URL.encode(Claims().text.utf8)).")
  }

  @Test func `HMAC with the public key as its secret`() throws {
    let signed =
      Base64URL.encode(#"{"alg":"HS256","kid":"rsa"}"#.utf8) + "." + Base64URL.encode(Claims().text.utf8)
    let key = forge.rsa.publicKey
    let secrets = [
      Array(key.derRepresentation), Array(key.pemRepresentation.utf8), Array(key.pkcs1DERRepresentation),
      Array(forge.ec.publicKey.x963Representation),
    ]
    for secret in secrets {
      let code = HMAC<SHA256>.authenticationCode(for: Array(signed.utf8), using: SymmetricKey(data: secret))
      expect(.algorithm("HS256"), "\(signed).\(Base64URL.encode(Array(code)))")
    }
  }

  @Test func `the algorithm of another kind of key`() throws {
    expect(.algorithmDoesNotFitKey("ec"), try forge.token(.rs256, header: #"{"alg":"RS256","kid":"ec"}"#))
    expect(.algorithmDoesNotFitKey("rsa"), try forge.token(.es256, header: #"{"alg":"ES256","kid":"rsa"}"#))
  }

  @Test(arguments: [
    #"{"alg":"ES256","kid":"ec","crit":["exp"],"exp":1}"#, #"{"alg":"ES256","kid":"ec","crit":[]}"#,
    #"{"alg":"ES256","kid":"ec","crit":null}"#, #"{"alg":"ES256","kid":"ec","b64":false}"#,
    #"{"alg":"ES256","kid":"ec","\u0063rit":["b64"],"b64":true}"#,
  ])
  func `extensions that have to be understood`(_ header: String) throws {
    expect(.criticalHeader, try forge.token(header: header))
  }

  @Test(arguments: [#""at+jwt""#, #""logout+jwt""#, #""""#, "1", #"["JWT"]"#, #""JWT ""#, "null"])
  func `tokens of another type`(_ type: String) throws {
    expect(.otherType, try forge.token(header: #"{"alg":"ES256","kid":"ec","typ":\#(type)}"#))
  }

  @Test(arguments: ["null", "1", #""""#, #""\u0065c\u0000""#, #"" ec""#, #""é""#, "[\"ec\"]"])
  func `no name of a key that could be one`(_ id: String) throws {
    expect(.noKeyID, try forge.token(header: #"{"alg":"ES256","kid":\#(id)}"#))
    expect(.noKeyID, try forge.token(header: #"{"alg":"ES256"}"#))
    let long = String(repeating: "k", count: 257)
    expect(.noKeyID, try forge.token(header: #"{"alg":"ES256","kid":"\#(long)"}"#))
  }

  @Test(arguments: ["other", "EC", "ec%00", "../../dev/null", "ec'--"])
  func `names of keys that we don't have`(_ id: String) throws {
    expect(.unknownKey(id), try forge.token(header: #"{"alg":"ES256","kid":"\#(id)"}"#))
  }

  @Test func `a header that is no JSON object or too long`() throws {
    for header in ["[]", "1", #""alg""#, "null"] { expect(.malformed(.header), try forge.token(header: header)) }
    let padding = String(repeating: " ", count: 2048)
    expect(.headerTooLong(2048 + 26), try forge.token(header: #"{"alg":"ES256","kid":"ec"}"# + padding))
    for header in [
      "", "{", #"{"alg":"none","alg":"ES256","kid":"ec"}"#, #"{"alg":"ES256","kid":"ec","kid":"ec"}"#,
      #"{"alg":"ES256","kid":"ec"}{}"#, "\u{FEFF}{}", #"{"alg":"ES256","kid":"ec","x":[[[[]]]]}"#,
    ] where !header.isEmpty {
      #expect(problem(try forge.token(header: header)).hasPrefix("the token's header is no JSON"))
    }
  }

  // MARK: Signature

  @Test(arguments: TokenAlgorithm.allCases)
  func `other claims under the same signature`(_ algorithm: TokenAlgorithm) throws {
    let token = try forge.token(algorithm).split(separator: ".")
    let claims = Base64URL.encode(Claims().of(namespace: "shop", serviceAccount: "admin").text.utf8)
    expect(.badSignature, "\(token[0]).\(claims).\(token[2])")
  }

  @Test(arguments: TokenAlgorithm.allCases)
  func `signatures of the wrong length, empty or of zeros`(_ algorithm: TokenAlgorithm) throws {
    let token = try forge.token(algorithm).split(separator: ".")
    let signature = try forge.signature(algorithm, over: "\(token[0]).\(token[1])")
    let wrong = [
      Array(signature.dropLast()), Array(signature.dropFirst()), signature + [0], [0] + signature,
      signature + signature,
      [0], [UInt8](repeating: 0, count: signature.count), [UInt8](repeating: 255, count: signature.count),
    ]
    for bytes in wrong where bytes != signature {
      expect(.badSignature, "\(token[0]).\(token[1]).\(Base64URL.encode(bytes))")
    }
  }

  @Test func `an ECDSA signature in DER`() throws {
    let token = try forge.token().split(separator: ".")
    let digest = SHA256.hash(data: Array("\(token[0]).\(token[1])".utf8))
    let signature = try forge.ec.signature(for: digest)
    expect(.badSignature, "\(token[0]).\(token[1]).\(Base64URL.encode(signature.derRepresentation))")
    #expect(throws: Never.self) {
      try verify("\(token[0]).\(token[1]).\(Base64URL.encode(signature.rawRepresentation))")
    }
  }

  @Test func `an RSA signature with the other padding`() throws {
    let signed = try forge.token(.rs256).split(separator: ".").prefix(2).joined(separator: ".")
    let signature = try forge.rsa.signature(for: SHA256.hash(data: Array(signed.utf8)), padding: .PSS)
    expect(.badSignature, "\(signed).\(Base64URL.encode(signature.rawRepresentation))")
  }

  @Test func `a key of the same name that is not the cluster's`() throws {
    expect(.badSignature, try TokenForge().token(.rs256))
    expect(.badSignature, try TokenForge().token(.es256))
  }

  @Test func `claims are not read before the signature is verified`() throws {
    let token = try forge.token(claims: "not JSON at all").split(separator: ".")
    expect(.badSignature, "\(token[0]).\(token[1]).\(Base64URL.encode([UInt8](repeating: 1, count: 64)))")
    #expect(problem(token.joined(separator: ".")).hasPrefix("the token's claims is no JSON"))
  }

  /// One character changed, anywhere.
  @Test(arguments: TokenAlgorithm.allCases)
  func `a token with any one character changed`(_ algorithm: TokenAlgorithm) throws {
    let token = Array(try forge.token(algorithm).utf8)
    for position in token.indices {
      var changed = token
      changed[position] = token[position] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(throws: ServiceAccountTokenError.self, "position \(position)") {
        try verify(String(decoding: changed, as: UTF8.self))
      }
      changed.remove(at: position)
      #expect(throws: ServiceAccountTokenError.self, "position \(position)") {
        try verify(String(decoding: changed, as: UTF8.self))
      }
    }
  }
}
