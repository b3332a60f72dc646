import COpenSSL
package import CertificateAuthority

/// A private key inside libcrypto or behind one of its providers.
///
/// Signs from many threads at once; shows nothing but its kind.
package struct OpenSSLKey: ExportableKey {
  package let publicKey: PublicKey
  private let handle: KeyHandle

  /// - Throws: when the key is of a kind or size that the mesh does not use.
  init(_ handle: KeyHandle) throws(KeyError) {
    publicKey = try Self.publicKey(of: handle)
    self.handle = handle
  }

  package func sign(_ bytes: [UInt8]) throws(KeyError) -> [UInt8] {
    ERR_clear_error()
    // RSA's are as long as the modulus, ECDSA's at most two numbers of the curve and their DER.
    let size = Int(EVP_PKEY_get_size(handle.pointer))
    guard size > 0 else { throw OpenSSLError.failure("measuring a signature") }
    var signature = [UInt8](repeating: 0, count: size)
    let count = algorithm.isRSA ? try signRSA(bytes, into: &signature) : try signECDSA(bytes, into: &signature)
    guard count <= size else { throw OpenSSLError.failure("signing with a key of kind \(algorithm)") }
    signature.removeLast(size - count)
    return signature
  }

  private func signRSA(_ bytes: [UInt8], into signature: inout [UInt8]) throws(KeyError) -> Int {
    guard let context = EVP_MD_CTX_new() else { throw OpenSSLError.failure("signing") }
    defer { EVP_MD_CTX_free(context) }
    var count = signature.count
    let digest = Digests.digest(of: algorithm.signatureAlgorithm)
    guard EVP_DigestSignInit(context, nil, digest, nil, handle.pointer) == 1,
      EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1
    else { throw OpenSSLError.failure("signing with a key of kind \(algorithm)") }
    return count
  }

  /// Over the finished digest: EVP_DigestSign looks the digest up by name each time, several µs of it.
  private func signECDSA(_ bytes: [UInt8], into signature: inout [UInt8]) throws(KeyError) -> Int {
    let digest = try Digests.hash(bytes[...], by: algorithm.signatureAlgorithm)
    guard let context = EVP_PKEY_CTX_new_from_pkey(nil, handle.pointer, nil) else {
      throw OpenSSLError.failure("signing")
    }
    defer { EVP_PKEY_CTX_free(context) }
    var count = signature.count
    guard EVP_PKEY_sign_init(context) == 1,
      EVP_PKEY_sign(context, &signature, &count, digest, digest.count) == 1
    else { throw OpenSSLError.failure("signing with a key of kind \(algorithm)") }
    return count
  }

  package func privateKeyPEM() throws(KeyError) -> SecretBytes {
    ERR_clear_error()
    // A memory BIO of this kind wipes what it gives back.
    guard let bio = BIO_new(BIO_s_secmem()) else { throw OpenSSLError.failure("exporting a key") }
    defer { BIO_free(bio) }
    guard PEM_write_bio_PKCS8PrivateKey(bio, handle.pointer, nil, nil, 0, nil, nil) == 1 else {
      throw OpenSSLError.failure("exporting a key of kind \(algorithm)")
    }
    return try SecretBytes(count: BIO_ctrl_pending(bio)) { buffer throws(KeyError) in
      guard let length = CInt(exactly: buffer.count), BIO_read(bio, buffer.baseAddress, length) == length else {
        throw OpenSSLError.failure("exporting a key")
      }
    }
  }

  private static func publicKey(of handle: KeyHandle) throws(KeyError) -> PublicKey {
    do {
      if EVP_PKEY_is_a(handle.pointer, "EC") == 1 {
        let algorithm: KeyAlgorithm? =
          switch handle.curve() {
          case "prime256v1": .ecdsaP256
          case "secp384r1": .ecdsaP384
          default: nil
          }
        guard let algorithm else { throw KeyError.unsupported("a key on the curve \(handle.curve() ?? "?")") }
        guard let point = handle.point() else { throw OpenSSLError.failure("reading a public key") }
        return try PublicKey(point: point, on: algorithm)
      }
      if EVP_PKEY_is_a(handle.pointer, "RSA") == 1 {
        guard let modulus = handle.number("n"), let exponent = handle.number("e") else {
          throw OpenSSLError.failure("reading a public key")
        }
        return try PublicKey(modulus: modulus, exponent: exponent)
      }
    } catch let error as KeyError {
      throw error
    } catch let error as PublicKeyError {
      if case .unsupportedSize(let bits) = error { throw .unsupported("an RSA key of \(bits) bits") }
      throw .unreadable(reason: error.description)
    } catch {
      throw .unreadable(reason: "\(error)")
    }
    let kind = EVP_PKEY_get0_type_name(handle.pointer).map { String(cString: $0) } ?? "unknown"
    throw .unsupported("a key of type \(kind)")
  }
}

extension OpenSSLKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "private key (\(algorithm), redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["algorithm": algorithm]) }
}
