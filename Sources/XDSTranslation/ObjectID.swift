/// Short, stable identifiers: the same parts give the same one in every process, and nothing else goes into it.
enum ObjectID {
  private static let digits = Array("0123456789abcdefghijklmnopqrstuv".utf8)

  /// FNV-1a of the parts, 64 bits in 13 digits of base 32.
  static func of(_ parts: String...) -> String { of(parts) }

  static func of(_ parts: [String]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for part in parts {
      for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = (hash ^ 0xFF) &* 0x100_0000_01B3
    }
    return String(decoding: (0..<13).map { digits[Int(hash >> UInt64($0 * 5) & 31)] }, as: UTF8.self)
  }
}
