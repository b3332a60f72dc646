/// Why a public key is not accepted.
package enum PublicKeyError: Error, Hashable, Sendable, CustomStringConvertible {
  case malformed
  case unsupportedAlgorithm(String)
  case unsupportedCurve(String)
  case unsupportedSize(bits: Int)
  case unsupportedExponent

  package var description: String {
    let kinds = KeyAlgorithm.allCases.map(\.description).joined(separator: ", ")
    return switch self {
    case .malformed: "the public key is no well-formed SubjectPublicKeyInfo; make the key with a current library"
    case .unsupportedAlgorithm(let identifier): "keys of algorithm \(identifier) are not accepted; use \(kinds)"
    case .unsupportedCurve(let identifier): "keys on the curve \(identifier) are not accepted; use \(kinds)"
    case .unsupportedSize(let bits): "RSA keys of \(bits) bits are not accepted; use \(kinds)"
    case .unsupportedExponent: "the RSA key has an unusual public exponent; use 65537"
    }
  }
}
