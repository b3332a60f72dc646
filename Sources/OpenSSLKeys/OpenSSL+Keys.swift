import COpenSSL
package import CertificateAuthority

extension OpenSSL: KeyMaker {
  package func makeKey(_ algorithm: KeyAlgorithm) throws(KeyError) -> any ExportableKey {
    try generate(algorithm)
  }

  package func importKey(pem: SecretBytes) throws(KeyError) -> any ExportableKey {
    try read(pem)
  }

  /// ``makeKey(_:)`` with its concrete type.
  package func generate(_ algorithm: KeyAlgorithm) throws(KeyError) -> OpenSSLKey {
    let operation = "making a key of kind \(algorithm)"
    ERR_clear_error()
    guard let context = EVP_PKEY_CTX_new_from_name(nil, algorithm.isRSA ? "RSA" : "EC", nil) else {
      throw OpenSSLError.failure(operation)
    }
    defer { EVP_PKEY_CTX_free(context) }
    guard EVP_PKEY_keygen_init(context) == 1 else { throw OpenSSLError.failure(operation) }
    let isSet =
      if let bits = algorithm.rsaBits {
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, CInt(bits))
      } else {
        EVP_PKEY_CTX_set_group_name(context, algorithm.curveName)
      }
    guard isSet == 1 else { throw OpenSSLError.failure(operation) }
    return try OpenSSLKey(KeyHandle(operation) { EVP_PKEY_generate(context, &$0) == 1 })
  }

  /// ``importKey(pem:)`` with its concrete type: the first private key of the text, at most 32 KiB, unencrypted.
  package func read(_ pem: SecretBytes) throws(KeyError) -> OpenSSLKey {
    guard (1...32 << 10).contains(pem.count) else { throw .unreadable(reason: "\(pem.count) bytes are no PEM key") }
    ERR_clear_error()
    let handle = try pem.withUnsafeBytes { bytes throws(KeyError) in
      guard let bio = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count)) else {
        throw OpenSSLError.failure("reading a key")
      }
      defer { BIO_free(bio) }
      // Without the callback libcrypto asks for a password on the terminal.
      guard let key = PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil) else {
        throw KeyError.unreadable(reason: OpenSSLError.drain())
      }
      return KeyHandle(owning: key)
    }
    let key = try OpenSSLKey(handle)
    try prove(key)
    return key
  }

  /// Signs once and checks it: both halves of a key that was read belong together.
  func prove(_ key: OpenSSLKey) throws(KeyError) {
    let message = Array("amesh key check".utf8)
    let signature = try key.sign(message)
    let algorithm = key.algorithm.signatureAlgorithm
    guard try isValid(signature, algorithm: algorithm, over: message[...], by: key.publicKey) else {
      throw .unreadable(reason: "its private and its public half do not belong together")
    }
  }
}

extension KeyAlgorithm {
  /// libcrypto's name of the curve; empty for RSA.
  var curveName: String {
    switch self {
    case .ecdsaP256: "prime256v1"
    case .ecdsaP384: "secp384r1"
    case .rsa2048, .rsa3072, .rsa4096: ""
    }
  }
}
