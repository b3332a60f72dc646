/// A path to a value in a JSON text, RFC 6901.
package struct JSONPointer: Sendable, Hashable {
  /// The reference tokens, unescaped; none is the whole text.
  package var tokens: [String]

  package init(tokens: [String] = []) { self.tokens = tokens }

  /// Parses `/a/b~1c`; an empty pointer is the whole text.
  package init(_ text: String) throws(JSONPointerError) {
    tokens = []
    guard !text.isEmpty else { return }
    guard text.utf8.first == UInt8(ascii: "/") else { throw JSONPointerError(text: text, problem: .noSlash) }
    for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard let token = Self.unescape(part) else { throw JSONPointerError(text: text, problem: .badEscape) }
      tokens.append(token)
    }
  }

  /// One token as it stands in a pointer: `~` as `~0`, `/` as `~1`.
  package static func escape(_ token: String) -> String {
    let escapes = token.utf8.count { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }
    guard escapes > 0 else { return token }
    return String(unsafeUninitializedCapacity: token.utf8.count + escapes) { target in
      var position = 0
      for byte in token.utf8 {
        let isEscaped = byte == UInt8(ascii: "~") || byte == UInt8(ascii: "/")
        target[position] = isEscaped ? UInt8(ascii: "~") : byte
        position += 1
        guard isEscaped else { continue }
        target[position] = byte == UInt8(ascii: "~") ? UInt8(ascii: "0") : UInt8(ascii: "1")
        position += 1
      }
      return position
    }
  }

  private static func unescape(_ part: Substring.UTF8View) -> String? {
    var bytes: [UInt8] = []
    var rest = part.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "~") else {
        bytes.append(byte)
        continue
      }
      switch rest.next() {
      case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
      case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
      default: return nil
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Byte for byte, as keys are compared.
extension JSONPointer {
  package static func == (one: JSONPointer, other: JSONPointer) -> Bool {
    one.tokens.elementsEqual(other.tokens) { JSONKey($0) == JSONKey($1) }
  }

  package func hash(into hasher: inout Hasher) {
    for token in tokens { hasher.combine(JSONKey(token)) }
  }
}

extension JSONPointer: CustomStringConvertible {
  package var description: String {
    tokens.reduce(into: "") { text, token in text += "/" + Self.escape(token) }
  }
}

/// Why a text is no JSON pointer.
package struct JSONPointerError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Problem: Equatable, Sendable {
    case noSlash
    case badEscape
  }

  package var text: String
  package var problem: Problem

  package var description: String {
    switch problem {
    case .noSlash: "\"\(text)\" is no JSON pointer: it has to start with /"
    case .badEscape: "\"\(text)\" is no JSON pointer: after ~ only 0 or 1 may follow (write ~ as ~0, / as ~1)"
    }
  }
}
