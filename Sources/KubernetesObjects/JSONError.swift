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
    case tooLarge
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

extension JSONError.Kind: CustomStringConvertible {
  package var description: String {
    switch self {
    case .empty: "no JSON value, only white space or nothing"
    case .unexpectedEnd: "the text ends in the middle of a value"
    case .unexpectedByte(let byte): Self.describe(byte)
    case .invalidUTF8: "invalid UTF-8"
    case .invalidEscape: "invalid escape sequence in a string"
    case .controlCharacter: "unescaped control character in a string"
    case .invalidNumber: "invalid number"
    case .tooDeep(let limit): "more than \(limit) nested arrays and objects"
    case .duplicateKey(let key): "duplicate key \(String(reflecting: key))"
    case .trailingBytes: "something follows the JSON value"
    case .tooLarge: "larger than 4 GiB or more than 268 million values in one array or object"
    }
  }

  private static func describe(_ byte: UInt8) -> String {
    let hex = String(byte, radix: 16)
    let spelled = "unexpected byte 0x" + (hex.utf8.count < 2 ? "0" : "") + hex
    guard (0x21...0x7E).contains(byte) else { return spelled }
    return spelled + " (\(Unicode.Scalar(byte)))"
  }
}
