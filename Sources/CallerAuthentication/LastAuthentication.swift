package import FoundationEssentials
package import SwiftASN1

/// When the caller of a certificate last showed a token: the value of a private, non-critical extension of the leaf.
///
/// It lies in the certificate and is signed with it, so it survives restart and failover of the authority without any
/// state, and renewal by certificate hands it on from leaf to leaf. Its value is an INTEGER, the seconds since 1970.
package struct LastAuthentication: Hashable, Sendable {
  /// Made of the UUID 4d280692-41a5-4728-8b9e-0a59a2065e1a under the arc that Microsoft keeps for this.
  ///
  /// Not under 2.25, the arc of UUIDs: its one number of 128 bits is more than Go's and Swift's readers of X.509 take,
  /// and a certificate with it would be unreadable to half of the mesh.
  package static let extensionID: ASN1ObjectIdentifier = [
    1, 2, 840, 113556, 1, 8000, 2554, 19752, 1682, 16805, 18216, 35742, 678306, 417306, 1,
  ]

  package let moment: Date

  /// Fractions of a second are cut off.
  package init(_ moment: Date) {
    self.moment = Date(timeIntervalSince1970: moment.timeIntervalSince1970.rounded(.down))
  }

  /// Reads the extension's value; nil if it is no DER of a time from 1970 to 9999.
  package init?(extensionValue: ArraySlice<UInt8>) {
    guard extensionValue.count <= 16, let seconds = try? Int(derEncoded: extensionValue),
      (0...Self.maximum).contains(seconds)
    else { return nil }
    moment = Date(timeIntervalSince1970: TimeInterval(seconds))
  }

  /// DER; times before 1970 and after 9999 become the nearest end.
  package var extensionValue: [UInt8] {
    let seconds = min(max(moment.timeIntervalSince1970, 0), TimeInterval(Self.maximum))
    var serializer = DER.Serializer()
    // An integer is always encodable.
    try? serializer.serialize(Int(seconds))
    return serializer.serializedBytes
  }

  private static let maximum = 253_402_300_799
}
