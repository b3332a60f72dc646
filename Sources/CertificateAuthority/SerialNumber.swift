/// A certificate's serial number: positive, at most 20 bytes (RFC 5280, section 4.1.2.2).
package struct SerialNumber: Hashable, Sendable {
  /// Big-endian, without leading zeros.
  package let bytes: [UInt8]

  /// - Returns: nil for zero and for what does not fit.
  package init?(_ bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes.drop { $0 == 0 })
    guard let first = bytes.first, bytes.count < 20 || (bytes.count == 20 && first < 128) else { return nil }
    self.bytes = bytes
  }

  /// Draws 127 bits, never all zero.
  package static func random(from source: any RandomSource) throws(KeyError) -> SerialNumber {
    var bytes = try source.randomBytes(16)
    guard bytes.count == 16 else { throw .failed(operation: "drawing a serial number", reason: "too few bytes") }
    bytes[0] &= 0x7F
    guard let serial = SerialNumber(bytes) else {
      throw .failed(operation: "drawing a serial number", reason: "the random source gave zeros only")
    }
    return serial
  }
}

extension SerialNumber: CustomStringConvertible {
  /// Lower-case hexadecimal digits, two a byte.
  package var description: String { Hexadecimal.text(bytes) }
}
