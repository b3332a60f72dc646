/// A bearer token as it came with a request: 1 to 16 KiB of visible ASCII, never shown.
package struct BearerToken: Sendable {
  /// Bytes beyond which nothing is looked at.
  package static let maximumLength = 16 * 1024

  let bytes: [UInt8]
  /// What may be logged in the token's place.
  package let hash: CredentialHash

  package init(_ bytes: [UInt8]) throws(CredentialsError) {
    guard bytes.count <= Self.maximumLength else { throw .tokenTooLong(bytes.count) }
    guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .notBearer }
    self.bytes = bytes
    hash = CredentialHash(of: bytes)
  }

  /// Reads the value of an `authorization` header: `Bearer TOKEN`, the scheme in any case (RFC 6750, section 2.1; RFC
  /// 9110, section 11.1).
  package init(authorization: String) throws(CredentialsError) {
    let value = authorization.utf8
    let scheme = "bearer "
    guard value.count <= Self.maximumLength + scheme.utf8.count else { throw .tokenTooLong(value.count) }
    guard value.count > scheme.utf8.count,
      String(value.prefix(scheme.utf8.count))?.lowercased() == scheme
    else { throw .notBearer }
    try self.init(Array(value.dropFirst(scheme.utf8.count)))
  }

  /// Whether this has the three segments of a signed token (RFC 7515, section 3.1).
  package var looksSigned: Bool { bytes.count { $0 == UInt8(ascii: ".") } == 2 }

  /// The token itself, for the one who is asked whether it is good; to be kept nowhere.
  package func reveal() -> String { String(decoding: bytes, as: UTF8.self) }
}

extension BearerToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "token with SHA-256 \(hash)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
