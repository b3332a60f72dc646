/// Base64 of RFC 4648, section 4, with padding.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The two characters of every 12 bits, the first in the low byte: a look-up for every three bytes' half.
  private static let pairs: [UInt16] = alphabet.flatMap { first in
    alphabet.map { second in UInt16(first) | UInt16(second) << 8 }
  }

  /// The encoded bytes between quotation marks, which makes them a JSON string.
  static func quoted(_ bytes: [UInt8]) -> [UInt8] {
    let capacity = (bytes.count + 2) / 3 * 4 + 2
    return [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      output[0] = UInt8(ascii: "\"")
      let end = bytes.withUnsafeBufferPointer { input in
        pairs.withUnsafeBufferPointer { pairs in encode(input, pairs: pairs, to: output, from: 1) }
      }
      output[end] = UInt8(ascii: "\"")
      count = end + 1
    }
  }

  /// - Returns: the index after the last byte written.
  private static func encode(
    _ input: UnsafeBufferPointer<UInt8>,
    pairs: UnsafeBufferPointer<UInt16>,
    to output: UnsafeMutableBufferPointer<UInt8>,
    from start: Int
  ) -> Int {
    var position = start
    var index = 0
    while index + 3 <= input.count {
      let high = pairs[Int(input[index]) << 4 | Int(input[index + 1]) >> 4]
      let low = pairs[Int(input[index + 1] & 15) << 8 | Int(input[index + 2])]
      output[position] = UInt8(truncatingIfNeeded: high)
      output[position + 1] = UInt8(truncatingIfNeeded: high >> 8)
      output[position + 2] = UInt8(truncatingIfNeeded: low)
      output[position + 3] = UInt8(truncatingIfNeeded: low >> 8)
      index += 3
      position += 4
    }
    let rest = input.count - index
    guard rest > 0 else { return position }
    let second = rest == 2 ? input[index + 1] : 0
    let high = pairs[Int(input[index]) << 4 | Int(second) >> 4]
    let low = pairs[Int(second & 15) << 8]
    output[position] = UInt8(truncatingIfNeeded: high)
    output[position + 1] = UInt8(truncatingIfNeeded: high >> 8)
    output[position + 2] = rest == 2 ? UInt8(truncatingIfNeeded: low) : UInt8(ascii: "=")
    output[position + 3] = UInt8(ascii: "=")
    return position + 4
  }
}
