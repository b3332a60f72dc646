import KubernetesObjects

/// What a value in a container's environment has to respect.
enum EnvironmentValue {
  /// Bytes that a value may have: Linux gives 131,072 to name and value together, else the container never starts.
  static let limit = 120_000

  /// JSON as a value. The kubelet replaces `$(NAME)` in values, so a dollar sign, which JSON has only in strings, is
  /// spelled `\u0024`.
  static func json(_ bytes: [UInt8]) -> String {
    guard bytes.contains(dollar) else { return String(decoding: bytes, as: UTF8.self) }
    var escaped: [UInt8] = []
    escaped.reserveCapacity(bytes.count + 64)
    for byte in bytes {
      if byte == dollar { escaped += "\\u0024".utf8 } else { escaped.append(byte) }
    }
    return String(decoding: escaped, as: UTF8.self)
  }

  /// Bytes that JSON takes as a value.
  static func size(json bytes: [UInt8]) -> Int {
    bytes.reduce(0) { $0 + ($1 == dollar ? 6 : 1) }
  }

  private static let dollar = UInt8(ascii: "$")
}
