/// The name of a trust domain: 1 to 255 of `a-z 0-9 . - _` (SPIFFE-ID, section 2.1).
package struct TrustDomain: Hashable, Sendable {
  package static let maximumLength = 255

  package let name: String

  /// Reads a bare name such as `cluster.local`, without scheme and path.
  package init(_ name: String) throws(SPIFFEIDError) {
    self.name = try Self.checked(name.utf8[...])
  }

  /// The ID of the trust domain itself: no path.
  package var id: SPIFFEID { SPIFFEID(self) }

  init(bytes: Substring.UTF8View) throws(SPIFFEIDError) {
    name = try Self.checked(bytes)
  }

  private static func checked(_ bytes: Substring.UTF8View) throws(SPIFFEIDError) -> String {
    guard !bytes.isEmpty else { throw .missingTrustDomain }
    guard bytes.count <= maximumLength else { throw .trustDomainTooLong }
    guard bytes.allSatisfy(isAllowed) else { throw .invalidTrustDomainCharacter }
    return String(Substring(bytes))
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
      UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

extension TrustDomain: Comparable {
  package static func < (one: TrustDomain, other: TrustDomain) -> Bool { one.name < other.name }
}

extension TrustDomain: CustomStringConvertible {
  package var description: String { name }
}
