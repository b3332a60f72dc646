/// Bytes that grow. Unlike appending to an array this checks once per string, not once per piece, that the storage
/// is its own and large enough.
struct JSONOutput: Sendable {
  /// Zeros from `count` on.
  private var storage: [UInt8]
  private(set) var count = 0

  init(capacity: Int) {
    storage = [UInt8](repeating: 0, count: max(64, capacity))
  }

  var bytes: [UInt8] { Array(storage[..<count]) }

  private mutating func reserve(_ additional: Int) {
    let needed = count + additional
    guard needed > storage.count else { return }
    storage.append(contentsOf: repeatElement(0, count: max(needed - storage.count, storage.count)))
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    storage[count] = byte
    count += 1
  }

  /// A byte, with a comma before it where that is asked for.
  mutating func append(_ byte: UInt8, comma: Bool) {
    reserve(2)
    if comma {
      storage[count] = UInt8(ascii: ",")
      count += 1
    }
    storage[count] = byte
    count += 1
  }

  mutating func append(_ bytes: UnsafeBufferPointer<UInt8>, comma: Bool = false) {
    reserve(bytes.count + 1)
    if comma {
      storage[count] = UInt8(ascii: ",")
      count += 1
    }
    let start = count
    storage.withUnsafeMutableBufferPointer { storage in
      // `reserve` made room for all of it.
      _ = UnsafeMutableBufferPointer(rebasing: storage[start...]).update(fromContentsOf: bytes)
    }
    count += bytes.count
  }

  /// A string in quotes, with a comma before it and a colon after it where they are asked for.
  mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>, comma: Bool, colon: Bool) {
    reserve(text.count + 4)
    var end = count
    let stop = storage.withUnsafeMutableBufferPointer { storage in
      if comma {
        storage[end] = UInt8(ascii: ",")
        end &+= 1
      }
      storage[end] = UInt8(ascii: "\"")
      let stop = Self.copyPlainRun(of: text, to: UnsafeMutableBufferPointer(rebasing: storage[(end &+ 1)...]))
      end &+= stop &+ 1
      guard stop == text.count else { return stop }
      storage[end] = UInt8(ascii: "\"")
      storage[end &+ 1] = UInt8(ascii: ":")
      end &+= colon ? 2 : 1
      return stop
    }
    count = end
    guard stop < text.count else { return }
    appendEscaped(UnsafeBufferPointer(rebasing: text[stop...]))
    append(UInt8(ascii: "\""))
    if colon { append(UInt8(ascii: ":")) }
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
    reserve(text.count + 5 * text.count(where: JSONEscapes.isNeeded))
    var end = count
    storage.withUnsafeMutableBufferPointer { storage in
      var position = 0
      while position < text.count {
        end &+= JSONEscapes.write(text[position], to: storage, at: end)
        let rest = UnsafeBufferPointer(rebasing: text[(position &+ 1)...])
        let run = Self.copyPlainRun(of: rest, to: UnsafeMutableBufferPointer(rebasing: storage[end...]))
        position &+= 1 &+ run
        end &+= run
      }
    }
    count = end
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
