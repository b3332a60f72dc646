/// What a value in a container's environment has to respect.
enum EnvironmentValue {
  /// Bytes that a value may have: Linux gives 131,072 to name and value together, else the container never starts.
  static let limit = 120_000

  /// JSON as a value. The kubelet replaces `$(NAME)` in values, so a dollar sign, which JSON has only in strings, is
  /// spelled `\u0024`.
  static func json(_ bytes: [UInt8]) -> [UInt8] {
    let size = size(json: bytes)
    guard size > bytes.count else { return bytes }
    var escaped: [UInt8] = []
    escaped.reserveCapacity(size)
    for byte in bytes {
      if byte == dollar { escaped += "\\u0024".utf8 } else { escaped.append(byte) }
    }
    return escaped
  }

  /// Bytes that JSON takes as a value.
  static func size(json bytes: [UInt8]) -> Int {
    var dollars = 0
    // Sixteen at a time, as no addition is checked: there are no more dollar signs than bytes.
    for byte in bytes { dollars &+= byte == dollar ? 1 : 0 }
    return bytes.count + 5 * dollars
  }

  private static let dollar = UInt8(ascii: "$")
}
