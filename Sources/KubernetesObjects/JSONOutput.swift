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

  mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    reserve(bytes.count)
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
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
      output[position] = byte
      position &+= 1
    }
    return position
  }

  /// A text that starts with a byte to escape; runs without one are copied whole.
  private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
    var position = 0
    while position < text.count {
      JSONEscapes.append(text[position], to: &self)
      let start = position + 1
      position = JSONWord.endOfPlainRun(in: text, from: start)
      append(UnsafeBufferPointer(rebasing: text[start..<position]))
    }
  }
}

extension JSONEscapes {
  /// Appends the escape of a control character, quote or backslash, RFC 8259 section 7.
  static func append(_ byte: UInt8, to output: inout JSONOutput) {
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
    case 0x08: output.append(UInt8(ascii: "b"))
    case 0x09: output.append(UInt8(ascii: "t"))
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0C: output.append(UInt8(ascii: "f"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    default:
      for character in "u00".utf8 { output.append(character) }
      for digit in [byte >> 4, byte & 15] {
        output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }
}
