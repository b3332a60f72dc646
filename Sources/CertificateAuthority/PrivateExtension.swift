package import SwiftASN1

/// An extension of the mesh's own that a leaf carries next to those of its profile; never critical, so that nobody who
/// does not know it minds.
package struct PrivateExtension: Hashable, Sendable {
  package let id: ASN1ObjectIdentifier
  /// DER of the value.
  package let value: [UInt8]

  package init(id: ASN1ObjectIdentifier, value: [UInt8]) {
    self.id = id
    self.value = value
  }
}
