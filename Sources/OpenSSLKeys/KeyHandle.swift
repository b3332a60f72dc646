import COpenSSL
import CertificateAuthority

/// Owns one EVP_PKEY; libcrypto wipes a private key when its last holder frees it.
///
/// libcrypto guards what it caches in a key with locks of its own, so threads may share one.
final class KeyHandle: Sendable {
  nonisolated(unsafe) let pointer: OpaquePointer

  /// Takes over the reference that the caller holds.
  init(owning pointer: OpaquePointer) { self.pointer = pointer }

  deinit { EVP_PKEY_free(pointer) }

  /// Runs one of libcrypto's calls that put a new key into a pointer.
  convenience init(
    _ operation: String,
    make: (inout OpaquePointer?) -> Bool
  ) throws(KeyError) {
    ERR_clear_error()
    var made: OpaquePointer?
    let isMade = make(&made)
    guard isMade, let made else {
      EVP_PKEY_free(made)
      throw OpenSSLError.failure(operation)
    }
    self.init(owning: made)
  }

  /// The big-endian number that a key names so; nil where it has none.
  func number(_ name: String) -> [UInt8]? {
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(pointer, name, &number) == 1, let number else { return nil }
    defer { BN_free(number) }
    var bytes = [UInt8](repeating: 0, count: (Int(BN_num_bits(number)) + 7) / 8)
    return Int(BN_bn2bin(number, &bytes)) == bytes.count ? bytes : nil
  }

  /// The uncompressed point of an EC key.
  func point() -> [UInt8]? {
    var encoded: UnsafeMutablePointer<UInt8>?
    let count = EVP_PKEY_get1_encoded_public_key(pointer, &encoded)
    guard count > 0, let encoded else { return nil }
    defer { CRYPTO_free(encoded, nil, 0) }
    return Array(UnsafeBufferPointer(start: encoded, count: count))
  }

  /// The name of an EC key's curve, as libcrypto spells it.
  func curve() -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      guard let base = buffer.baseAddress, EVP_PKEY_get_group_name(pointer, base, buffer.count, nil) == 1 else {
        return nil
      }
      return String(cString: base)
    }
  }
}
