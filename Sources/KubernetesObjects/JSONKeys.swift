/// The keys of an object that is open, to refuse duplicates.
///
/// Small objects: a 64-bit Bloom filter, and a look at the keys on the tape only where it says "perhaps". From
/// ``smallObject`` keys on, a look at all of them at once when the object ends, in a hash table keyed per process, so
/// that keys made to collide cost no more than others.
struct JSONKeys {
  static let smallObject = 32

  private var filter: UInt64 = 0

  /// Adds a key; returns false if it may be there already.
  @inline(__always)
  mutating func insertIfSurelyNew(_ key: JSONNode, bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let bit = 1 as UInt64 &<< (Self.hash(key, bytes) &>> 58)
    defer { filter |= bit }
    return filter & bit == 0
  }

  /// Whether an object whose last key is `key` has it twice.
  @inline(never)
  static func isRepeated(
    _ key: Int,
    in object: Int,
    bytes: UnsafeBufferPointer<UInt8>,
    tape: borrowing JSONTape
  ) -> Bool {
    var other = object + 1
    while other < key {
      if equal(tape[other], tape[key], bytes) { return true }
      other = Int(tape[other + 1].next)
    }
    return false
  }

  /// The node of a key that an object has twice.
  @inline(never)
  static func firstDuplicate(
    in object: Int,
    count: Int,
    bytes: UnsafeBufferPointer<UInt8>,
    tape: borrowing JSONTape
  ) -> Int? {
    var capacity = 64
    while capacity < count * 2 { capacity *= 2 }
    // Zero is an empty slot: node 0 is the root and never a key.
    var slots = [(hash: UInt32, node: UInt32)](repeating: (0, 0), count: capacity)
    var key = object + 1
    for _ in 0..<count {
      let node = tape[key]
      let keyed = withKey(node, bytes) { key in
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(key))
        return hasher.finalize()
      }
      let hash = UInt32(truncatingIfNeeded: keyed)
      var slot = (keyed >> 32) & (capacity - 1)
      if capacity > 1 << 31 { slot = keyed & (capacity - 1) }
      while slots[slot].node != 0 {
        if slots[slot].hash == hash, equal(tape[Int(slots[slot].node)], node, bytes) { return key }
        slot = (slot + 1) & (capacity - 1)
      }
      slots[slot] = (hash, UInt32(truncatingIfNeeded: key))
      key = Int(tape[key + 1].next)
    }
    return nil
  }

  @inline(__always)
  private static func withKey<Result>(
    _ node: JSONNode,
    _ bytes: UnsafeBufferPointer<UInt8>,
    _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    let content = UnsafeBufferPointer(rebasing: bytes[node.content])
    guard node.hasEscapes else { return body(content) }
    return JSONEscapes.withDecoded(content, body)
  }

  private static func equal(_ one: JSONNode, _ other: JSONNode, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    if !one.hasEscapes, !other.hasEscapes, one.content.count != other.content.count { return false }
    return withKey(one, bytes) { first in
      withKey(other, bytes) { second in first.hasSameBytes(as: second) }
    }
  }

  @inline(__always)
  private static func hash(_ key: JSONNode, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let content = key.content
    guard !key.hasEscapes, content.lowerBound &+ 8 <= bytes.count else { return slowHash(key, bytes) }
    let raw = UnsafeRawBufferPointer(bytes)
    // The first and last eight bytes; of a shorter key, what of them is its own.
    let start = content.lowerBound
    let lastStart = max(start, content.upperBound &- 8)
    let mask = mask(count: content.count)
    return mixed(
      raw.loadUnaligned(fromByteOffset: start, as: UInt64.self) & mask,
      raw.loadUnaligned(fromByteOffset: lastStart, as: UInt64.self) & mask,
      count: content.count
    )
  }

  /// The same for a key with escapes, or at the very end of the text.
  @inline(never)
  private static func slowHash(_ key: JSONNode, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    withKey(key, bytes) { key in
      var first: UInt64 = 0
      var last: UInt64 = 0
      withUnsafeMutableBytes(of: &first) {
        $0.copyMemory(from: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: key.prefix(8))))
      }
      withUnsafeMutableBytes(of: &last) {
        $0.copyMemory(from: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: key.suffix(8))))
      }
      return mixed(first, last, count: key.count)
    }
  }

  /// The bytes of a word that come first in memory, `count` of them or all.
  @inline(__always)
  private static func mask(count: Int) -> UInt64 {
    let all: UInt64 = count >= 8 ? .max : (1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1
    return UInt64(littleEndian: all)
  }

  /// Collisions are expected and harmless.
  @inline(__always)
  private static func mixed(_ first: UInt64, _ last: UInt64, count: Int) -> UInt64 {
    let mixed =
      first ^ (last &<< 29 | last &>> 35) ^ UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
    return (mixed ^ mixed &>> 32) &* 0xD6E8_FEB8_6659_FD93
  }
}
