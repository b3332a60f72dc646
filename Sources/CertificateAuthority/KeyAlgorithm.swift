/// The kinds of keys that certificates may carry.
package enum KeyAlgorithm: String, Hashable, Sendable, CaseIterable {
  case ecdsaP256 = "ecdsa-p256"
  case ecdsaP384 = "ecdsa-p384"
  case rsa2048 = "rsa-2048"
  case rsa3072 = "rsa-3072"
  case rsa4096 = "rsa-4096"

  /// The modulus' length of an RSA key in bits; nil for others.
  package var rsaBits: Int? {
    switch self {
    case .rsa2048: 2048
    case .rsa3072: 3072
    case .rsa4096: 4096
    case .ecdsaP256, .ecdsaP384: nil
    }
  }

  /// What a key of this kind signs with.
  package var signatureAlgorithm: SignatureAlgorithm {
    switch self {
    case .ecdsaP256: .ecdsaSHA256
    case .ecdsaP384: .ecdsaSHA384
    case .rsa2048, .rsa3072, .rsa4096: .rsaSHA256
    }
  }

  package var isRSA: Bool { rsaBits != nil }
}

extension KeyAlgorithm: CustomStringConvertible {
  package var description: String { rawValue }
}
