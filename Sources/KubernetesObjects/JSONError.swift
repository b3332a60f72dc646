/// Why bytes are not a JSON text that we accept (RFC 8259, with duplicate keys refused).
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Kind: Equatable, Sendable {
    case empty
    case unexpectedEnd
    case unexpectedByte(UInt8)
    case invalidUTF8
    case invalidEscape
    case controlCharacter
    case invalidNumber
    case tooDeep(limit: Int)
    case duplicateKey(String)
    case trailingBytes
  }

  package var kind: Kind
  /// Offset in bytes from the start of the text.
  package var offset: Int

  package init(_ kind: Kind, at offset: Int) {
    self.kind = kind
    self.offset = offset
  }

  package var description: String {
    "\(kind) at byte \(offset)"
  }
}
