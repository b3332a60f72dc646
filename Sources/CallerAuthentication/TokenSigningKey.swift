import Crypto
import CryptoExtras

/// A public key that a cluster signs its tokens with; it belongs to one algorithm, whatever a token says.
struct TokenSigningKey: Sendable {
  /// Length of an RSA modulus in bits. The upper end bounds what one verification may cost.
  static let rsaBits = 2048...8192

  private enum Material: Sendable {
    case rsa(_RSA.Signing.PublicKey, signatureLength: Int)
    case p256(P256.Signing.PublicKey)
  }

  private let material: Material

  var algorithm: TokenAlgorithm {
    switch material {
    case .rsa: .rs256
    case .p256: .es256
    }
  }

  /// Nil unless the modulus has a length of ``rsaBits`` and both numbers are those of a public key.
  ///
  /// - Parameters: big-endian, without leading zeros (RFC 7518, section 6.3.1).
  init?(modulus: [UInt8], exponent: [UInt8]) {
    guard let top = modulus.first, top != 0, let first = exponent.first, first != 0, exponent.count <= 4,
      Self.rsaBits.contains(modulus.count * 8 - top.leadingZeroBitCount),
      let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent)
    else { return nil }
    material = .rsa(key, signatureLength: modulus.count)
  }

  /// Nil unless these are 32 bytes each and a point of P-256 (RFC 7518, section 6.2.1).
  init?(x: [UInt8], y: [UInt8]) {
    guard x.count == 32, y.count == 32, let key = try? P256.Signing.PublicKey(x963Representation: [4] + x + y)
    else { return nil }
    material = .p256(key)
  }

  /// Whether `signature` was made over `bytes` by the private half.
  func isValid(_ signature: [UInt8], over bytes: ArraySlice<UInt8>) -> Bool {
    let digest = SHA256.hash(data: bytes)
    switch material {
    case .rsa(let key, let signatureLength):
      guard signature.count == signatureLength else { return false }
      return key.isValidSignature(
        _RSA.Signing.RSASignature(rawRepresentation: signature),
        for: digest,
        padding: .insecurePKCS1v1_5
      )
    case .p256(let key):
      // Both numbers in 32 bytes each (RFC 7518, section 3.4), which is not the DER of X.509.
      guard signature.count == 64, let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature)
      else { return false }
      return key.isValidSignature(signature, for: digest)
    }
  }
}
