package import KubernetesObjects

/// Why text gives no keys to verify tokens with.
package enum TokenSigningKeysError: Error, Equatable, Sendable, CustomStringConvertible {
  case tooLong(Int)
  case notJSON(JSONError)
  case notAKeySet
  case tooManyKeys(Int)
  case noUsableKey([String])

  package var description: String {
    switch self {
    case .tooLong(let count):
      "the JWK Set has \(count) bytes; at most \(TokenSigningKeys.maximumLength) are read"
    case .notJSON(let problem):
      "the JWK Set is no JSON: \(problem); \(Self.cure)"
    case .notAKeySet:
      "there is no list \"keys\" in the JWK Set; \(Self.cure)"
    case .tooManyKeys(let count):
      "the JWK Set has \(count) keys; at most \(TokenSigningKeys.maximumCount) are read"
    case .noUsableKey(let warnings):
      "no key of the JWK Set can verify tokens (\(warnings.isEmpty ? "it is empty" : warnings.joined(separator: "; "))); "
        + Self.cure
    }
  }

  private static let cure = "store what `kubectl get --raw /openid/v1/jwks` prints"
}
