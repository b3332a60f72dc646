import COpenSSL
package import CertificateAuthority

/// libcrypto 3 as the library of a certificate authority: whatever provider its configuration loads does the work.
///
/// Holds no state of its own; every method may be called from many threads at once.
package struct OpenSSL: Sendable {
  package init() {}

  /// What `openssl version` prints, for logs.
  package static var version: String {
    OpenSSL_version(OPENSSL_VERSION).map { String(cString: $0) } ?? "unknown"
  }
}

extension OpenSSL: RandomSource {
  package func randomBytes(_ count: Int) throws(KeyError) -> [UInt8] {
    guard let length = CInt(exactly: count), length >= 0 else {
      throw .failed(operation: "drawing random bytes", reason: "\(count) is no possible number of bytes")
    }
    ERR_clear_error()
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, length) == 1 else { throw OpenSSLError.failure("drawing random bytes") }
    return bytes
  }
}

extension OpenSSL: Digester {
  package func sha256(_ bytes: ArraySlice<UInt8>) throws(KeyError) -> [UInt8] {
    try Digests.hash(bytes, by: .ecdsaSHA256)
  }
}

/// Digests fetched once: a look-up by name each time costs more than hashing a certificate.
enum Digests {
  // Fetched once, never freed, read only.
  nonisolated(unsafe) static let sha256 = EVP_MD_fetch(nil, "SHA256", nil)
  nonisolated(unsafe) static let sha384 = EVP_MD_fetch(nil, "SHA384", nil)
  nonisolated(unsafe) static let sha512 = EVP_MD_fetch(nil, "SHA512", nil)

  /// The digest that a signature of that algorithm is made of.
  static func hash(_ bytes: ArraySlice<UInt8>, by algorithm: SignatureAlgorithm) throws(KeyError) -> [UInt8] {
    ERR_clear_error()
    var length: CUnsignedInt = 64
    var digest = [UInt8](repeating: 0, count: 64)
    let done = bytes.withUnsafeBufferPointer { input in
      EVP_Digest(input.baseAddress, input.count, &digest, &length, Self.digest(of: algorithm), nil)
    }
    guard done == 1, length <= 64 else { throw OpenSSLError.failure("hashing for \(algorithm)") }
    digest.removeLast(64 - Int(length))
    return digest
  }

  static func digest(of algorithm: SignatureAlgorithm) -> OpaquePointer? {
    switch algorithm {
    case .ecdsaSHA256, .rsaSHA256: sha256
    case .ecdsaSHA384, .rsaSHA384: sha384
    case .ecdsaSHA512, .rsaSHA512: sha512
    }
  }
}
