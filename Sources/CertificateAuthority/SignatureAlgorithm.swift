/// How a signature is made: ECDSA (DER form) or RSA PKCS #1 v1.5 over a SHA-2 digest.
package enum SignatureAlgorithm: String, Hashable, Sendable, CaseIterable {
  case ecdsaSHA256 = "ecdsa-sha256"
  case ecdsaSHA384 = "ecdsa-sha384"
  case ecdsaSHA512 = "ecdsa-sha512"
  case rsaSHA256 = "rsa-sha256"
  case rsaSHA384 = "rsa-sha384"
  case rsaSHA512 = "rsa-sha512"

  /// Whether signatures of this kind come from RSA keys.
  package var isRSA: Bool {
    switch self {
    case .rsaSHA256, .rsaSHA384, .rsaSHA512: true
    case .ecdsaSHA256, .ecdsaSHA384, .ecdsaSHA512: false
    }
  }
}

extension SignatureAlgorithm: CustomStringConvertible {
  package var description: String { rawValue }
}
