import COpenSSL
package import CertificateAuthority

extension OpenSSL: SignatureVerifier {
  package func isValid(
    _ signature: [UInt8],
    algorithm: SignatureAlgorithm,
    over bytes: ArraySlice<UInt8>,
    by key: PublicKey
  ) throws(KeyError) -> Bool {
    guard algorithm.isRSA == key.algorithm.isRSA else { return false }
    let handle = try PublicKeyHandle.make(key)
    if !key.algorithm.isRSA { return try isValidECDSA(signature, algorithm: algorithm, over: bytes, by: handle) }
    guard let context = EVP_MD_CTX_new() else { throw OpenSSLError.failure("checking a signature") }
    // What a wrong signature leaves in the queue is nobody's error.
    defer {
      EVP_MD_CTX_free(context)
      ERR_clear_error()
    }
    let digest = Digests.digest(of: algorithm)
    guard EVP_DigestVerifyInit(context, nil, digest, nil, handle.pointer) == 1 else {
      throw OpenSSLError.failure("preparing to check a signature")
    }
    return bytes.withUnsafeBufferPointer { message in
      EVP_DigestVerify(context, signature, signature.count, message.baseAddress, message.count) == 1
    }
  }
}

extension OpenSSL {
  /// Over the finished digest: EVP_DigestVerify looks the digest up by name each time, several µs of it.
  private func isValidECDSA(
    _ signature: [UInt8],
    algorithm: SignatureAlgorithm,
    over bytes: ArraySlice<UInt8>,
    by key: KeyHandle
  ) throws(KeyError) -> Bool {
    let digest = try Digests.hash(bytes, by: algorithm)
    guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil) else {
      throw OpenSSLError.failure("checking a signature")
    }
    defer {
      EVP_PKEY_CTX_free(context)
      ERR_clear_error()
    }
    guard EVP_PKEY_verify_init(context) == 1 else { throw OpenSSLError.failure("preparing to check a signature") }
    return EVP_PKEY_verify(context, signature, signature.count, digest, digest.count) == 1
  }
}

/// Public keys for libcrypto without its decoder, which costs more than the verification (150 µs against 70 µs).
enum PublicKeyHandle {
  // Keys that have a curve and nothing else; made once, read only.
  private static let p256 = Result { () throws(KeyError) in try parameters(of: .ecdsaP256) }
  private static let p384 = Result { () throws(KeyError) in try parameters(of: .ecdsaP384) }

  static func make(_ key: PublicKey) throws(KeyError) -> KeyHandle {
    switch key.material {
    case .point(let point): try onCurve(point, parameters: key.algorithm == .ecdsaP384 ? p384.get() : p256.get())
    case .rsa(let modulus, let exponent): try rsa(modulus: modulus, exponent: exponent)
    }
  }

  private static func onCurve(_ point: [UInt8], parameters: KeyHandle) throws(KeyError) -> KeyHandle {
    try KeyHandle("reading an EC public key") { key in
      key = EVP_PKEY_new()
      return EVP_PKEY_copy_parameters(key, parameters.pointer) == 1
        && EVP_PKEY_set1_encoded_public_key(key, point, point.count) == 1
    }
  }

  private static func rsa(modulus: [UInt8], exponent: [UInt8]) throws(KeyError) -> KeyHandle {
    try KeyHandle("reading an RSA public key") { key in
      guard let n = BN_bin2bn(modulus, CInt(modulus.count), nil) else { return false }
      defer { BN_free(n) }
      guard let e = BN_bin2bn(exponent, CInt(exponent.count), nil) else { return false }
      defer { BN_free(e) }
      guard let builder = OSSL_PARAM_BLD_new() else { return false }
      defer { OSSL_PARAM_BLD_free(builder) }
      guard OSSL_PARAM_BLD_push_BN(builder, name("n"), n) == 1,
        OSSL_PARAM_BLD_push_BN(builder, name("e"), e) == 1,
        let parameters = OSSL_PARAM_BLD_to_param(builder)
      else { return false }
      defer { OSSL_PARAM_free(parameters) }
      guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { return false }
      defer { EVP_PKEY_CTX_free(context) }
      return EVP_PKEY_fromdata_init(context) == 1
        && EVP_PKEY_fromdata(context, &key, publicKeySelection, parameters) == 1
    }
  }

  /// A name that outlives the call: the builder keeps the pointer until it is done.
  private static func name(_ name: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  private static func parameters(of algorithm: KeyAlgorithm) throws(KeyError) -> KeyHandle {
    let operation = "preparing the curve \(algorithm.curveName)"
    guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { throw OpenSSLError.failure(operation) }
    defer { EVP_PKEY_CTX_free(context) }
    guard EVP_PKEY_paramgen_init(context) == 1,
      EVP_PKEY_CTX_set_group_name(context, algorithm.curveName) == 1
    else { throw OpenSSLError.failure(operation) }
    return try KeyHandle(operation) { EVP_PKEY_paramgen(context, &$0) == 1 }
  }

  /// `EVP_PKEY_PUBLIC_KEY`, a macro that Swift does not import: domain parameters and the public key.
  private static let publicKeySelection =
    OSSL_KEYMGMT_SELECT_ALL_PARAMETERS | OSSL_KEYMGMT_SELECT_PUBLIC_KEY
}
