/// Names a root or an intermediate in the authority's state: 1 to 64 lower-case letters, digits and hyphens, made
/// from its key identifier and serial number.
package struct AuthorityID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let rawValue: String

  package init?(_ text: String) {
    guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isLegal) else { return nil }
    rawValue = text
  }

  /// Of a certificate: its key and its serial number, since a root that was made anew with the old key is another one.
  package init(_ certificate: MeshCertificate) {
    let serial = Hexadecimal.text(certificate.serialNumber.bytes.suffix(8))
    let key = certificate.subjectKeyIdentifier.map { Hexadecimal.text($0.prefix(8)) } ?? ""
    rawValue = key.isEmpty ? serial : "\(key)-\(serial)"
  }

  package var description: String { rawValue }

  package static func < (one: AuthorityID, other: AuthorityID) -> Bool { one.rawValue < other.rawValue }

  private static func isLegal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
  }
}
