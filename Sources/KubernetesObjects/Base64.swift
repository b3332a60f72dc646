/// Base64 of RFC 4648, section 4, with padding.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// How many characters so many bytes take.
  static func length(of count: Int) -> Int { (count + 2) / 3 * 4 }

  /// - Parameter output: has room for ``length(of:)`` characters.
  /// - Returns: how many were written.
  static func encode(_ input: UnsafeBufferPointer<UInt8>, to output: UnsafeMutableBufferPointer<UInt8>) -> Int {
    let (from, to) = (UnsafeRawBufferPointer(input), UnsafeMutableRawBufferPointer(output))
    var index = 0
    var position = 0
    // Twelve bytes at a time; the last of the four words reaches one byte further.
    while index &+ 13 <= input.count {
      let groups = SIMD4(group(from, index), group(from, index &+ 3), group(from, index &+ 6), group(from, index &+ 9))
      to.storeBytes(of: characters(groups), toByteOffset: position, as: SIMD4<UInt32>.self)
      index &+= 12
      position &+= 16
    }
    return alphabet.withUnsafeBufferPointer { alphabet in
      while index < input.count {
        let rest = input.count &- index
        let second = rest > 1 ? Int(input[index &+ 1]) : 0
        let third = rest > 2 ? Int(input[index &+ 2]) : 0
        let bits = Int(input[index]) << 16 | second << 8 | third
        output[position] = alphabet[bits >> 18]
        output[position &+ 1] = alphabet[bits >> 12 & 63]
        output[position &+ 2] = rest > 1 ? alphabet[bits >> 6 & 63] : UInt8(ascii: "=")
        output[position &+ 3] = rest > 2 ? alphabet[bits & 63] : UInt8(ascii: "=")
        index &+= 3
        position &+= 4
      }
      return position
    }
  }

  /// Three bytes as a number of 24 bits.
  @inline(__always)
  private static func group(_ input: UnsafeRawBufferPointer, _ index: Int) -> UInt32 {
    UInt32(bigEndian: input.loadUnaligned(fromByteOffset: index, as: UInt32.self)) &>> 8
  }

  /// The sixteen characters of four groups.
  @inline(__always)
  private static func characters(_ groups: SIMD4<UInt32>) -> SIMD4<UInt32> {
    // Six bits into each byte, the first in the lowest, which little-endian machines store first.
    let values =
      groups &>> 18 | (groups &>> 4) & 0x3F00 | (groups &<< 10) & 0x3F_0000 | (groups &<< 24) & 0x3F00_0000
    // From A to Z the characters are 65 further; from a, 0, + and / on, so much more or less.
    let letters = values &+ each(65) &+ from(26, values) & each(6)
    return letters &- from(52, values) & each(75) &- from(62, values) & each(15) &+ from(63, values) & each(3)
  }

  /// The same in every byte.
  @inline(__always)
  private static func each(_ byte: UInt32) -> UInt32 { byte &* 0x0101_0101 }

  /// Seven bits set in each byte whose value, 63 at most, is so large. No byte's sum carries into the next one.
  @inline(__always)
  private static func from(_ least: UInt32, _ values: SIMD4<UInt32>) -> SIMD4<UInt32> {
    let reached = (values &+ each(128 &- least)) & each(128)
    return reached &- reached &>> 7
  }
}

extension JSONWriter {
  /// Bytes as a string in Base64.
  mutating func base64(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { bytes in
      quoted(atMost: Base64.length(of: bytes.count)) { Base64.encode(bytes, to: $0) }
    }
  }
}
