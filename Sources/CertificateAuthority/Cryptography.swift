/// Judges signatures.
package protocol SignatureVerifier: Sendable {
  /// Whether `signature` was made over `bytes` by the private half of `key`.
  ///
  /// - Returns: false too for a signature that is malformed or of an algorithm that the key can't have made.
  /// - Throws: when the key itself is unusable, a point off its curve for example.
  func isValid(
    _ signature: [UInt8],
    algorithm: SignatureAlgorithm,
    over bytes: ArraySlice<UInt8>,
    by key: PublicKey
  ) throws(KeyError) -> Bool
}

/// Gives random bytes fit for keys and serial numbers.
package protocol RandomSource: Sendable {
  func randomBytes(_ count: Int) throws(KeyError) -> [UInt8]
}

/// SHA-256, for key identifiers and fingerprints.
package protocol Digester: Sendable {
  /// - Returns: 32 bytes.
  func sha256(_ bytes: ArraySlice<UInt8>) throws(KeyError) -> [UInt8]
}

/// What the certificate authority asks of a cryptographic library.
package typealias Cryptography = SignatureVerifier & RandomSource & Digester & KeyMaker
