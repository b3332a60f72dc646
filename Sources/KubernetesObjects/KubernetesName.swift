/// The syntax of names in Kubernetes (apimachinery `util/validation`).
package enum KubernetesName {
  /// DNS-1123 label: at most 63 of `a-z 0-9 -`, alphanumeric at both ends.
  package static func isLabel(_ text: String) -> Bool {
    isLabel(text.utf8[...], limit: 63)
  }

  /// DNS-1123 subdomain: labels of any length joined by dots, at most 253 in all.
  package static func isSubdomain(_ text: String) -> Bool {
    text.utf8.count <= 253
      && text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        .allSatisfy { isLabel($0, limit: 253) }
  }

  /// Key of a label or annotation: `name` or `prefix/name`, the prefix a DNS-1123 subdomain.
  package static func isLabelKey(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, let prefix = String(parts[0]), !isSubdomain(prefix) { return false }
    guard let name = parts.last else { return false }
    return !name.isEmpty && isQualified(name)
  }

  /// Value of a label: empty, or at most 63 of `A-Z a-z 0-9 - _ .`, alphanumeric at both ends.
  package static func isLabelValue(_ text: String) -> Bool {
    text.isEmpty || isQualified(text.utf8[...])
  }

  private static func isQualified(_ text: Substring.UTF8View) -> Bool {
    text.count <= 63 && isAlphanumeric(text.first) && isAlphanumeric(text.last)
      && text.allSatisfy { byte in
        isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
      }
  }

  private static func isLabel(_ text: Substring.UTF8View, limit: Int) -> Bool {
    text.count <= limit && isLowercaseAlphanumeric(text.first) && isLowercaseAlphanumeric(text.last)
      && text.allSatisfy { isLowercaseAlphanumeric($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isLowercaseAlphanumeric(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return byte &- UInt8(ascii: "0") < 10 || byte &- UInt8(ascii: "a") < 26
  }

  private static func isAlphanumeric(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return isLowercaseAlphanumeric(byte) || byte &- UInt8(ascii: "A") < 26
  }
}
