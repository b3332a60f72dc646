/// Eight bytes of text looked at in one step; the byte that comes first in memory is the least significant.
enum JSONWord {
  static let ones: UInt64 = 0x0101_0101_0101_0101
  static let highs: UInt64 = 0x8080_8080_8080_8080

  /// Non-zero where a string has to be looked at: quote, backslash, control character.
  ///
  /// The lowest set bit is in the first such byte. Bits above it may be wrong, since a borrow travels upwards only.
  @inline(__always)
  static func stops(in word: UInt64) -> UInt64 {
    let quote = word ^ (ones &* 0x22)
    let backslash = word ^ (ones &* 0x5C)
    let quotes = (quote &- ones) & ~quote
    let backslashes = (backslash &- ones) & ~backslash
    let controls = (word &- (ones &* 0x20)) & ~word
    return (quotes | backslashes | controls) & highs
  }

  /// The position of the next quote, backslash or control character, or the end.
  @inline(__always)
  static func endOfPlainRun(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var position = start
    let raw = UnsafeRawBufferPointer(bytes)
    // Two words in one step, since how many a string takes is hard to predict.
    while position &+ 16 <= bytes.count {
      let first = stops(in: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
      let second = stops(in: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: position &+ 8, as: UInt64.self)))
      if first | second != 0 {
        let offset = first != 0 ? first.trailingZeroBitCount : second.trailingZeroBitCount &+ 64
        return position &+ offset &>> 3
      }
      position &+= 16
    }
    while position < bytes.count {
      let byte = bytes[position]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
      position &+= 1
    }
    return position
  }
}

/// Whether bytes are UTF-8.
enum JSONEncodingCheck {
  /// The offset of the first byte that is not UTF-8, nil where all is well.
  static func firstInvalid(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    if isASCII(bytes) { return nil }
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes.span)
      return nil
    } catch {
      return error.byteOffsets.lowerBound
    }
  }

  private static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let raw = UnsafeRawBufferPointer(bytes)
    var position = 0
    while position &+ 64 <= raw.count {
      var all: UInt64 = 0
      for word in 0..<8 { all |= raw.loadUnaligned(fromByteOffset: position &+ word &* 8, as: UInt64.self) }
      if all & JSONWord.highs != 0 { return false }
      position &+= 64
    }
    while position < raw.count {
      if raw[position] >= 0x80 { return false }
      position &+= 1
    }
    return true
  }
}
