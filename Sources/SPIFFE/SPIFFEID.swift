/// A SPIFFE ID: `spiffe://TRUST_DOMAIN/PATH`, at most 2048 bytes, the path empty or segments of `a-z A-Z 0-9 . - _`
/// (SPIFFE-ID, section 2).
///
/// The standard knows one spelling of an ID, so equality is that of the bytes and nothing is ever normalised.
package struct SPIFFEID: Hashable, Sendable {
  package static let maximumLength = 2048
  private static let scheme = "spiffe://"

  package let trustDomain: TrustDomain
  /// Empty, or `/` and segments joined by `/`.
  package let path: String

  /// Reads an ID by the standard's grammar; there is no query, fragment, port, user or percent-encoding in it.
  package init(_ text: String) throws(SPIFFEIDError) {
    let bytes = text.utf8
    guard !bytes.isEmpty else { throw .empty }
    guard bytes.count <= Self.maximumLength else { throw .tooLong }
    guard bytes.starts(with: Self.scheme.utf8) else { throw .invalidScheme }
    let rest = bytes.dropFirst(Self.scheme.utf8.count)
    let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
    trustDomain = try TrustDomain(bytes: rest[..<slash])
    path = try Self.checkedPath(rest[slash...])
  }

  /// The ID of a member of a trust domain.
  ///
  /// - Parameter path: empty, or `/` and segments joined by `/`.
  package init(trustDomain: TrustDomain, path: String) throws(SPIFFEIDError) {
    let length = Self.scheme.utf8.count + trustDomain.name.utf8.count + path.utf8.count
    guard length <= Self.maximumLength else { throw .tooLong }
    self.trustDomain = trustDomain
    self.path = try Self.checkedPath(path.utf8[...])
  }

  /// The ID of the trust domain itself.
  package init(_ trustDomain: TrustDomain) {
    self.trustDomain = trustDomain
    path = ""
  }

  /// Joins checked parts; the caller knows that they keep to the grammar.
  init(trustDomain: TrustDomain, checkedPath: String) {
    self.trustDomain = trustDomain
    path = checkedPath
  }

  package func isMember(of trustDomain: TrustDomain) -> Bool { self.trustDomain == trustDomain }

  /// The path's segments, none for a trust domain's own ID.
  package var segments: [Substring] { path.dropFirst().split(separator: "/", omittingEmptySubsequences: true) }

  private static func checkedPath(_ bytes: Substring.UTF8View) throws(SPIFFEIDError) -> String {
    guard let first = bytes.first else { return "" }
    guard first == UInt8(ascii: "/") else { throw .missingLeadingSlash }
    var rest = bytes.dropFirst()
    while true {
      let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
      try check(segment: rest[..<end], isLast: end == rest.endIndex)
      if end == rest.endIndex { return String(Substring(bytes)) }
      rest = rest[rest.index(after: end)...]
    }
  }

  private static func check(segment: Substring.UTF8View, isLast: Bool) throws(SPIFFEIDError) {
    guard !segment.isEmpty else { throw isLast ? .trailingSlash : .emptySegment }
    let isDots = segment.count <= 2 && segment.allSatisfy { $0 == UInt8(ascii: ".") }
    guard !isDots else { throw .dotSegment }
    guard segment.allSatisfy(isAllowed) else { throw .invalidPathCharacter }
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

extension SPIFFEID: CustomStringConvertible {
  package var description: String { Self.scheme + trustDomain.name + path }
}
