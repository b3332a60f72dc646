/// A private key that signs and never leaves its holder: libcrypto, a token, a service.
package protocol SigningKey: Sendable {
  /// The public half.
  var publicKey: PublicKey { get }

  /// Signs `bytes` with the algorithm of the key's kind, see ``KeyAlgorithm/signatureAlgorithm``.
  ///
  /// May be called from many threads at once.
  ///
  /// - Returns: the signature as a certificate holds it: DER for ECDSA, as long as the modulus for RSA.
  func sign(_ bytes: [UInt8]) throws(KeyError) -> [UInt8]
}

extension SigningKey {
  package var algorithm: KeyAlgorithm { publicKey.algorithm }
}

/// A private key that its holder can hand out, to be stored or to be sent to the workload that it belongs to.
package protocol ExportableKey: SigningKey {
  /// The key as unencrypted PKCS #8 in PEM.
  func privateKeyPEM() throws(KeyError) -> SecretBytes
}

/// Where private keys come from.
package protocol KeyMaker: Sendable {
  /// Makes a new key. RSA keys take some 100 ms of CPU.
  func makeKey(_ algorithm: KeyAlgorithm) throws(KeyError) -> any ExportableKey

  /// Reads an unencrypted private key in PEM: PKCS #8, SEC 1 or PKCS #1.
  func importKey(pem: SecretBytes) throws(KeyError) -> any ExportableKey
}
