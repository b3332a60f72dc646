/// Escape sequences in strings, RFC 8259 section 7.
enum JSONEscapes {
  /// The UTF-16 code unit of the `\uHHHH` at `position`, nil if there is none.
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
    Array(unsafeUninitializedCapacity: content.count) { target, count in count = decode(content, into: target) }
  }

  /// The same, for as long as `body` runs.
  static func withDecoded<Result>(
    _ content: UnsafeBufferPointer<UInt8>,
    _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: content.count) { target in
      body(UnsafeBufferPointer(rebasing: target[..<decode(content, into: target)]))
    }
  }

  /// Returns how many bytes were written. `target` has room for `content.count`: no escape is shorter than what it
  /// stands for.
  private static func decode(
    _ content: UnsafeBufferPointer<UInt8>,
    into target: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    var position = 0
    var written = 0
    while true {
      let run = content[position..<JSONWord.endOfPlainRun(in: content, from: position)]
      _ = UnsafeMutableBufferPointer(rebasing: target[written...]).update(fromContentsOf: run)
      written &+= run.count
      position = run.endIndex
      guard position < content.count else { return written }
      var byte = content[position]
      position &+= 1
      if byte == UInt8(ascii: "\\"), position < content.count {
        let letter = content[position]
        if letter == UInt8(ascii: "u") {
          let (scalar, length) = scalar(content, at: position &- 1)
          for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter where written < target.count {
            target[written] = unit
            written &+= 1
          }
          position = min(position &+ length &- 1, content.count)
          continue
        }
        byte = meaning(of: letter)
        position &+= 1
      }
      guard written < target.count else { return written }
      target[written] = byte
      written &+= 1
    }
  }

  @inline(__always)
  private static func meaning(of letter: UInt8) -> UInt8 {
    switch letter {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: letter
    }
  }

  /// The scalar whose `\u` is at `position`, and how many bytes its spelling takes.
  private static func scalar(
    _ content: UnsafeBufferPointer<UInt8>,
    at position: Int
  ) -> (scalar: Unicode.Scalar, length: Int) {
    let unit = codeUnit(content, at: position) ?? 0xFFFD
    if UTF16.isLeadSurrogate(unit), let trail = codeUnit(content, at: position + 6), UTF16.isTrailSurrogate(trail) {
      let value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00)
      return (Unicode.Scalar(value) ?? "\u{FFFD}", 12)
    }
    return (Unicode.Scalar(unit) ?? "\u{FFFD}", 6)
  }
}
