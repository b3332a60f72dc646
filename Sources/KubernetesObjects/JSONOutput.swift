/// Bytes that grow, with one owner: appending to an array would ask for each piece whether its storage is shared.
///
/// Every write is behind a `reserve` that made room for all that it may take.
struct JSONOutput: ~Copyable {
  private var storage: UnsafeMutableBufferPointer<UInt8>
  private(set) var count = 0

  init(capacity: Int) {
    storage = .allocate(capacity: max(64, capacity))
  }

  deinit { storage.deallocate() }

  /// What was written so far, for as long as `body` runs.
  @inline(__always)
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    body(UnsafeBufferPointer(rebasing: storage[..<count]))
  }

  /// Makes room for so many bytes more.
  @inline(__always)
  mutating func reserve(_ additional: Int) {
    if additional > storage.count &- count { grow(by: additional) }
  }

  @inline(never)
  private mutating func grow(by additional: Int) {
    let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(count + additional, storage.count * 2))
    _ = larger.update(fromContentsOf: storage[..<count])
    storage.deallocate()
    storage = larger
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    storage[count] = byte
    count &+= 1
  }

  /// A byte, with a comma before it where that is asked for.
  @inline(__always)
  mutating func append(_ byte: UInt8, comma: Bool) {
    reserve(2)
    storage[count] = UInt8(ascii: ",")
    if comma { count &+= 1 }
    storage[count] = byte
    count &+= 1
  }

  mutating func append(_ bytes: UnsafeBufferPointer<UInt8>, comma: Bool = false) {
    reserve(bytes.count + 1)
    storage[count] = UInt8(ascii: ",")
    if comma { count &+= 1 }
    _ = UnsafeMutableBufferPointer(rebasing: storage[count...]).update(fromContentsOf: bytes)
    count &+= bytes.count
  }

  /// Bytes that `body` writes to where they belong.
  ///
  /// - Parameters:
  ///   - limit: how many they are at most.
  ///   - body: returns how many they are.
  @inline(__always)
  mutating func append(atMost limit: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
    reserve(limit)
    count += min(limit, body(UnsafeMutableBufferPointer(rebasing: storage[count..<count + limit])))
  }

  /// A string in quotes, with a comma before it and a colon after it where they are asked for.
  mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>, comma: Bool, colon: Bool) {
    reserve(text.count + 4)
    var end = count
    storage[end] = UInt8(ascii: ",")
    if comma { end &+= 1 }
    storage[end] = UInt8(ascii: "\"")
    end &+= 1
    let stop = Self.copyPlainRun(of: text, to: UnsafeMutableBufferPointer(rebasing: storage[end...]))
    count = end &+ stop
    if stop < text.count {
      appendEscaped(UnsafeBufferPointer(rebasing: text[stop...]))
      reserve(2)
    }
    storage[count] = UInt8(ascii: "\"")
    storage[count &+ 1] = UInt8(ascii: ":")
    count &+= colon ? 2 : 1
  }

  /// Copies up to the first byte that needs an escape; returns how many. `output` has room for all.
  @inline(__always)
  private static func copyPlainRun(
    of text: UnsafeBufferPointer<UInt8>,
    to output: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    let from = UnsafeRawBufferPointer(text)
    let to = UnsafeMutableRawBufferPointer(output)
    var position = 0
    while position &+ 8 <= text.count {
      let word = from.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      to.storeBytes(of: word, toByteOffset: position, as: UInt64.self)
      let stops = JSONWord.stops(in: UInt64(littleEndian: word))
      if stops != 0 { return position &+ stops.trailingZeroBitCount &>> 3 }
      position &+= 8
    }
    // Whole words again for the rest, where there are any: some bytes are copied twice, which changes nothing.
    if position < text.count, text.count >= 8 {
      position = text.count &- 8
      let word = from.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      to.storeBytes(of: word, toByteOffset: position, as: UInt64.self)
      let stops = JSONWord.stops(in: UInt64(littleEndian: word))
      return stops == 0 ? text.count : position &+ stops.trailingZeroBitCount &>> 3
    }
    if text.count >= 4, text.count < 8 {
      let first = from.loadUnaligned(as: UInt32.self)
      let last = from.loadUnaligned(fromByteOffset: text.count &- 4, as: UInt32.self)
      if JSONWord.stops(in: UInt64(first) &<< 32 | UInt64(last)) == 0 {
        to.storeBytes(of: first, as: UInt32.self)
        to.storeBytes(of: last, toByteOffset: text.count &- 4, as: UInt32.self)
        return text.count
      }
    }
    while position < text.count {
      let byte = text[position]
      if JSONEscapes.isNeeded(byte) { break }
      output[position] = byte
      position &+= 1
    }
    return position
  }

  /// A text that starts with a byte to escape; runs without one are copied whole.
  private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
    var position = 0
    while position < text.count {
      let rest = UnsafeBufferPointer(rebasing: text[(position &+ 1)...])
      reserve(6 + rest.count)
      let byte = text[position]
      if byte == UInt8(ascii: "\"") {
        storage[count] = UInt8(ascii: "\\")
        storage[count &+ 1] = byte
        count &+= 2
      } else {
        count &+= JSONEscapes.write(byte, to: storage, at: count)
      }
      let run = Self.copyPlainRun(of: rest, to: UnsafeMutableBufferPointer(rebasing: storage[count...]))
      count &+= run
      position &+= 1 &+ run
    }
  }
}

extension JSONEscapes {
  /// Whether a string may not hold the byte as it is, RFC 8259 section 7.
  @inline(__always)
  static func isNeeded(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  /// Writes the escape of a control character, quote or backslash; returns its length, six at most.
  static func write(_ byte: UInt8, to output: UnsafeMutableBufferPointer<UInt8>, at position: Int) -> Int {
    output[position] = UInt8(ascii: "\\")
    let letter: UInt8? =
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
      case 0x08: UInt8(ascii: "b")
      case 0x09: UInt8(ascii: "t")
      case 0x0A: UInt8(ascii: "n")
      case 0x0C: UInt8(ascii: "f")
      case 0x0D: UInt8(ascii: "r")
      default: nil
      }
    if let letter {
      output[position &+ 1] = letter
      return 2
    }
    output[position &+ 1] = UInt8(ascii: "u")
    output[position &+ 2] = UInt8(ascii: "0")
    output[position &+ 3] = UInt8(ascii: "0")
    for (offset, digit) in [(4, byte >> 4), (5, byte & 15)] {
      output[position &+ offset] = digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ (digit &- 10)
    }
    return 6
  }
}
