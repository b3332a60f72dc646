import CertificateAuthority
import OpenSSLKeys

/// One key of each kind, made once: RSA keys take their time.
enum KeyPool {
  private static let keys = Dictionary(
    uniqueKeysWithValues: KeyAlgorithm.allCases.map { algorithm in
      (algorithm, Result { try OpenSSL().generate(algorithm) })
    }
  )

  static func key(_ algorithm: KeyAlgorithm) throws -> OpenSSLKey {
    guard let key = keys[algorithm] else { throw KeyError.unsupported(algorithm.rawValue) }
    return try key.get()
  }
}

extension SecretBytes {
  /// The bytes in the open, for tools and comparisons.
  var exposed: [UInt8] { withUnsafeBytes { Array($0) } }
}
