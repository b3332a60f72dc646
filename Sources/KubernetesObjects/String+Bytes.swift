extension String {
  /// The string's UTF-8, without a copy where it lies in one piece (all but strings bridged from elsewhere do).
  @inline(__always)
  func withUTF8Bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    return Array(utf8).withUnsafeBufferPointer(body)
  }
}

extension StaticString {
  /// The UTF-8 of a literal: no reference to count, and never a copy.
  @inline(__always)
  var utf8Bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}

extension UnsafeBufferPointer<UInt8> {
  @inline(__always)
  func hasSameBytes(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count else { return false }
    let (one, two) = (UnsafeRawBufferPointer(self), UnsafeRawBufferPointer(other))
    // The last word may overlap the one before it; that is cheaper than byte after byte.
    if count >= 8 {
      var position = 0
      while position &+ 8 < count {
        guard one.hasSame(UInt64.self, as: two, at: position) else { return false }
        position &+= 8
      }
      return one.hasSame(UInt64.self, as: two, at: count &- 8)
    }
    if count >= 4 {
      return one.hasSame(UInt32.self, as: two, at: 0) && one.hasSame(UInt32.self, as: two, at: count &- 4)
    }
    for position in 0..<count where self[position] != other[position] { return false }
    return true
  }
}

extension UnsafeRawBufferPointer {
  @inline(__always)
  fileprivate func hasSame<Word: FixedWidthInteger & BitwiseCopyable>(
    _ word: Word.Type,
    as other: UnsafeRawBufferPointer,
    at position: Int
  ) -> Bool {
    loadUnaligned(fromByteOffset: position, as: word) == other.loadUnaligned(fromByteOffset: position, as: word)
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
