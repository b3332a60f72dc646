import Crypto

/// SHA-256 of a credential: what names it in caches, comparisons and the audit log without giving it away.
package struct CredentialHash: Hashable, Sendable {
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  package init(of bytes: [UInt8]) {
    let words = SHA256.hash(data: bytes).withUnsafeBytes { digest in
      (0..<4).map { UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
    (first, second, third, fourth) = (words[0], words[1], words[2], words[3])
  }

  /// Equality that takes the same time wherever the difference is.
  func equalsInConstantTime(_ other: CredentialHash) -> Bool {
    (first ^ other.first) | (second ^ other.second) | (third ^ other.third) | (fourth ^ other.fourth) == 0
  }
}

extension CredentialHash: CustomStringConvertible {
  /// 64 lower-case hexadecimal digits.
  package var description: String {
    [first, second, third, fourth]
      .map { word in
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
      }
      .joined()
  }
}
