/// Names of hosts and of Kubernetes objects (RFC 1123, apimachinery `util/validation`), in lower case.
package enum HostName {
  /// DNS name whose labels all fit into the DNS: 253 bytes in all, 63 a label.
  package static func isHostName(_ text: Substring.UTF8View) -> Bool {
    text.count <= 253 && labels(of: text).allSatisfy(isLabel)
  }

  /// At most 63 of `a-z 0-9 -`, alphanumeric at both ends.
  static func isLabel(_ text: Substring.UTF8View) -> Bool { text.count <= 63 && isSound(text) }

  /// Labels of any length joined by dots, at most 253 bytes in all.
  static func isSubdomain(_ text: Substring.UTF8View) -> Bool {
    text.count <= 253 && labels(of: text).allSatisfy(isSound)
  }

  private static func labels(of text: Substring.UTF8View) -> [Substring.UTF8View] {
    text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  }

  private static func isSound(_ label: Substring.UTF8View) -> Bool {
    guard let first = label.first, let last = label.last, first != dash, last != dash else { return false }
    return label.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), dash: true
      default: false
      }
    }
  }

  private static let dash = UInt8(ascii: "-")
}
