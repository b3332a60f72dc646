extension JSONTapeBuilder {
  /// The string that starts at `position`; returns the position after its closing quote.
  @inline(__always)
  mutating func string(at start: Int) throws(JSONError) -> Int {
    var position = start + 1
    var flags: UInt32 = 0
    while true {
      position = JSONWord.endOfPlainRun(in: bytes, from: position)
      guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        append(.string, start, position + 1, flags: flags)
        return position + 1
      case UInt8(ascii: "\\"):
        flags = JSONNode.escaped
        position = try escape(at: position)
      default:
        throw JSONError(.controlCharacter, at: position)
      }
    }
  }

  /// The escape whose backslash is at `position`; surrogates must come in pairs.
  @inline(never)
  private func escape(at position: Int) throws(JSONError) -> Int {
    guard position + 1 < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
    switch bytes[position + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return position + 2
    case UInt8(ascii: "u"):
      guard let unit = JSONEscapes.codeUnit(bytes, at: position) else { throw JSONError(.invalidEscape, at: position) }
      guard UTF16.isSurrogate(unit) else { return position + 6 }
      guard UTF16.isLeadSurrogate(unit), let trail = JSONEscapes.codeUnit(bytes, at: position + 6),
        UTF16.isTrailSurrogate(trail)
      else { throw JSONError(.invalidEscape, at: position) }
      return position + 12
    default:
      throw JSONError(.invalidEscape, at: position)
    }
  }

  /// The number that starts at `position`, RFC 8259 section 6.
  mutating func number(at start: Int) throws(JSONError) -> Int {
    var position = start
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
    let integer = position
    position = skipDigits(position)
    guard position > integer, bytes[integer] != UInt8(ascii: "0") || position == integer + 1 else {
      throw JSONError(.invalidNumber, at: start)
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      let fraction = position + 1
      position = skipDigits(fraction)
      guard position > fraction else { throw JSONError(.invalidNumber, at: start) }
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
        position += 1
      }
      let exponent = position
      position = skipDigits(exponent)
      guard position > exponent else { throw JSONError(.invalidNumber, at: start) }
    }
    append(.number, start, position)
    return position
  }

  @inline(__always)
  private func skipDigits(_ start: Int) -> Int {
    var position = start
    while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    return position
  }

  /// `true`, `false` or `null`.
  mutating func literal(at start: Int) throws(JSONError) -> Int {
    switch bytes[start] {
    case UInt8(ascii: "t"): try literal("true", .bool, at: start)
    case UInt8(ascii: "f"): try literal("false", .bool, at: start)
    case UInt8(ascii: "n"): try literal("null", .null, at: start)
    default: throw JSONError(.unexpectedByte(bytes[start]), at: start)
    }
  }

  @inline(__always)
  private mutating func literal(
    _ spelling: StaticString,
    _ kind: JSONView.Kind,
    at start: Int
  ) throws(JSONError) -> Int {
    for offset in 0..<spelling.utf8CodeUnitCount {
      guard start + offset < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
      guard bytes[start + offset] == spelling.utf8Start[offset] else {
        throw JSONError(.unexpectedByte(bytes[start + offset]), at: start + offset)
      }
    }
    append(kind, start, start + spelling.utf8CodeUnitCount)
    return start + spelling.utf8CodeUnitCount
  }
}
