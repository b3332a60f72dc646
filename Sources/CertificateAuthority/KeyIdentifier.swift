/// The identifier of a public key: the leftmost 160 bits of the SHA-256 of its bits (RFC 7093, section 2, method 1).
enum KeyIdentifier {
  static func make(_ key: PublicKey, by digester: any Digester) throws(KeyError) -> [UInt8] {
    Array(try digester.sha256(key.keyBits).prefix(20))
  }
}
