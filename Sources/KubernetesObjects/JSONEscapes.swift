/// Escape sequences in strings, RFC 8259 section 7.
enum JSONEscapes {
  /// The UTF-16 code unit of the `\uXXXX` at `position`, nil if there is none.
  static func codeUnit(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> UInt16? {
    guard position >= 0, position <= bytes.count - 6, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { return nil }
    var unit: UInt16 = 0
    for byte in bytes[position + 2..<position + 6] {
      guard let digit = hexDigit(byte) else { return nil }
      unit = unit << 4 | digit
    }
    return unit
  }

  private static func hexDigit(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  /// What a string means; `content` is what stands between its quotes and was checked before.
  static func decoded(_ content: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(content.count)
    var position = 0
    while position < content.count {
      let byte = content[position]
      guard byte == UInt8(ascii: "\\"), position + 1 < content.count else {
        result.append(byte)
        position += 1
        continue
      }
      switch content[position + 1] {
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"):
        position += appendScalar(content, at: position, to: &result)
        continue
      case let plain: result.append(plain)
      }
      position += 2
    }
    return result
  }

  /// Appends the scalar whose `\u` is at `position`; returns how many bytes its spelling takes.
  private static func appendScalar(
    _ content: UnsafeBufferPointer<UInt8>,
    at position: Int,
    to result: inout [UInt8]
  ) -> Int {
    let unit = codeUnit(content, at: position) ?? 0xFFFD
    if UTF16.isLeadSurrogate(unit), let trail = codeUnit(content, at: position + 6), UTF16.isTrailSurrogate(trail) {
      let value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00)
      result.append(contentsOf: UTF8.encode(Unicode.Scalar(value) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
      return 12
    }
    let scalar = Unicode.Scalar(unit) ?? "\u{FFFD}"
    result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    return 6
  }
}
