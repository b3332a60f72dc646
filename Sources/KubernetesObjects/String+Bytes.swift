extension String {
  /// The string's UTF-8, without a copy where it lies in one piece (all but strings bridged from elsewhere do).
  @inline(__always)
  func withUTF8Bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    return Array(utf8).withUnsafeBufferPointer(body)
  }
}

extension UnsafeBufferPointer<UInt8> {
  @inline(__always)
  func hasSameBytes(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count else { return false }
    var position = 0
    let (one, two) = (UnsafeRawBufferPointer(self), UnsafeRawBufferPointer(other))
    while position &+ 8 <= count {
      let word = one.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      guard word == two.loadUnaligned(fromByteOffset: position, as: UInt64.self) else { return false }
      position &+= 8
    }
    while position < count {
      guard self[position] == other[position] else { return false }
      position &+= 1
    }
    return true
  }
}

/// A string that is equal byte for byte, where `String` holds canonically equivalent ones for equal.
struct JSONKey: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (one: JSONKey, other: JSONKey) -> Bool {
    one.text.withUTF8Bytes { one in other.text.withUTF8Bytes { one.hasSameBytes(as: $0) } }
  }

  func hash(into hasher: inout Hasher) {
    text.withUTF8Bytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    hasher.combine(0xFF as UInt8)
  }
}
