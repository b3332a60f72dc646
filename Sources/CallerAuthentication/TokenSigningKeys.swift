import KubernetesObjects

/// The public keys that a cluster signs ServiceAccount tokens with: a JWK Set (RFC 7517, section 5), as the API server
/// gives it at `/openid/v1/jwks`.
package struct TokenSigningKeys: Sendable {
  /// Bytes of a JWK Set.
  package static let maximumLength = 256 * 1024
  /// Keys of a JWK Set.
  package static let maximumCount = 64

  /// No keys, while those of the cluster are not known yet: nothing verifies.
  package static let none = TokenSigningKeys()

  private let keys: [String: [TokenSigningKey]]
  /// What was left out of the set and why, one sentence each; for the log.
  package let warnings: [String]

  /// Reads a JWK Set. Keys that no token of ours can be signed with are left out with a warning.
  ///
  /// - Throws: when the text is no JWK Set or not one key of it can be used.
  package init(parsing text: [UInt8]) throws(TokenSigningKeysError) {
    guard text.count <= Self.maximumLength else { throw .tooLong(text.count) }
    let root: JSONView
    do {
      root = try JSONDocument(parsing: text, maximumDepth: 8).root
    } catch {
      throw .notJSON(error)
    }
    guard let list = root["keys"], list.kind == .array else { throw .notAKeySet }
    guard list.count <= Self.maximumCount else { throw .tooManyKeys(list.count) }

    var keys: [String: [TokenSigningKey]] = [:]
    var warnings: [String] = []
    for (index, element) in list.elements.enumerated() {
      do throws(UnusableKey) {
        let (id, key) = try Self.key(element)
        guard keys[id]?.contains(where: { $0.algorithm == key.algorithm }) != true else { throw .repeatedID }
        keys[id, default: []].append(key)
      } catch {
        warnings.append("key \(index + 1) of the JWK Set is ignored: \(error)")
      }
    }
    guard !keys.isEmpty else { throw .noUsableKey(warnings) }
    self.keys = keys
    self.warnings = warnings
  }

  private init() {
    keys = [:]
    warnings = []
  }

  package var count: Int { keys.values.reduce(0) { $0 + $1.count } }

  /// The keys of that name, one for each algorithm at most; empty if there is none.
  func named(_ id: String) -> [TokenSigningKey] { keys[id] ?? [] }

  private static func key(_ jwk: JSONView) throws(UnusableKey) -> (id: String, key: TokenSigningKey) {
    guard jwk.kind == .object else { throw .malformed }
    guard jwk["d"] == nil, jwk["k"] == nil else { throw .secret }
    guard let id = jwk["kid"]?.string, TokenHeader.isKeyID(id) else { throw .noID }
    guard jwk["use"].map({ $0.equals("sig") }) != false else { throw .otherUse }
    if let operations = jwk["key_ops"] {
      guard operations.elements.contains(where: { $0.equals("verify") }) else { throw .otherUse }
    }
    let key: TokenSigningKey?
    if jwk["kty"]?.equals("RSA") == true {
      guard let modulus = number(jwk["n"]), let exponent = number(jwk["e"]) else { throw .malformed }
      key = TokenSigningKey(modulus: modulus, exponent: exponent)
    } else if jwk["kty"]?.equals("EC") == true {
      guard jwk["crv"]?.equals("P-256") == true else { throw .otherKind }
      guard let x = number(jwk["x"]), let y = number(jwk["y"]) else { throw .malformed }
      key = TokenSigningKey(x: x, y: y)
    } else {
      throw .otherKind
    }
    guard let key else { throw .weakOrInvalid }
    guard jwk["alg"].map({ $0.equals(key.algorithm.rawValue) }) != false else { throw .otherAlgorithm }
    return (id, key)
  }

  private static func number(_ view: JSONView?) -> [UInt8]? {
    (view?.string).flatMap { Base64URL.decode(Array($0.utf8)[...]) }
  }

  /// Why one key of the set is left out.
  private enum UnusableKey: Error, CustomStringConvertible {
    case malformed, secret, noID, repeatedID, otherUse, otherKind, otherAlgorithm, weakOrInvalid

    var description: String {
      switch self {
      case .malformed: "it is no JSON Web Key (RFC 7517)"
      case .secret: "it holds a private or shared key, which must not lie here; give the public half only"
      case .noID: "it has no \"kid\" of at most \(TokenHeader.maximumKeyIDLength) visible characters to be found by"
      case .repeatedID: "an earlier key has the same \"kid\""
      case .otherUse: "it is not meant for verifying signatures"
      case .otherKind: "it is neither RSA nor EC on P-256"
      case .otherAlgorithm: "its \"alg\" is not the one that we accept for its kind, RS256 or ES256"
      case .weakOrInvalid:
        "its numbers are no valid public key, RSA of \(TokenSigningKey.rsaBits.lowerBound) to "
          + "\(TokenSigningKey.rsaBits.upperBound) bits or a point of P-256"
      }
    }
  }
}
