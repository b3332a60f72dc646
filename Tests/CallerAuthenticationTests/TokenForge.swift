import CallerAuthentication
import Crypto
import CryptoExtras
import FoundationEssentials
import SPIFFE

/// Signs tokens as a cluster would, and as it never would.
struct TokenForge: Sendable {
  static let shared = Result { try TokenForge() }

  static let rsaKeyID = "rsa"
  static let ecKeyID = "ec"

  let rsa: _RSA.Signing.PrivateKey
  let ec: P256.Signing.PrivateKey
  let keys: TokenSigningKeys

  init() throws {
    rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    ec = P256.Signing.PrivateKey()
    keys = try TokenSigningKeys(
      parsing: Array(#"{"keys":[\#(try Self.jwk(rsa.publicKey)),\#(Self.jwk(ec.publicKey))]}"#.utf8)
    )
  }

  static func jwk(_ key: _RSA.Signing.PublicKey, id: String = rsaKeyID) throws -> String {
    let numbers = try key.getKeyPrimitives()
    let (n, e) = (Base64URL.encode(numbers.modulus), Base64URL.encode(numbers.publicExponent))
    return #"{"use":"sig","kty":"RSA","kid":"\#(id)","alg":"RS256","n":"\#(n)","e":"\#(e)"}"#
  }

  static func jwk(_ key: P256.Signing.PublicKey, id: String = ecKeyID) -> String {
    let (x, y) = (
      Base64URL.encode(key.rawRepresentation.prefix(32)), Base64URL.encode(key.rawRepresentation.suffix(32))
    )
    return #"{"use":"sig","kty":"EC","crv":"P-256","kid":"\#(id)","alg":"ES256","x":"\#(x)","y":"\#(y)"}"#
  }

  /// A token of the cluster, signed over just these texts.
  func token(_ algorithm: TokenAlgorithm = .es256, header: String? = nil, claims: String) throws -> String {
    let header = header ?? Self.header(algorithm)
    let signed = "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(claims.utf8))"
    return "\(signed).\(Base64URL.encode(try signature(algorithm, over: signed)))"
  }

  func token(_ algorithm: TokenAlgorithm = .es256, header: String? = nil) throws -> String {
    try token(algorithm, header: header, claims: Claims().text)
  }

  func token(_ claims: Claims) throws -> String { try token(claims: claims.text) }

  func signature(_ algorithm: TokenAlgorithm, over text: String) throws -> [UInt8] {
    let digest = SHA256.hash(data: Array(text.utf8))
    switch algorithm {
    case .rs256: return Array(try rsa.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
    case .es256: return Array(try ec.signature(for: digest).rawRepresentation)
    }
  }

  static func header(_ algorithm: TokenAlgorithm) -> String {
    #"{"alg":"\#(algorithm.rawValue)","kid":"\#(algorithm == .rs256 ? rsaKeyID : ecKeyID)"}"#
  }
}
