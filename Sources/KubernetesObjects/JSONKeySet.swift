/// The keys of the objects that are open, to refuse duplicates.
///
/// Small objects: a 64-bit Bloom filter, and a look at the keys seen so far only where it says "perhaps". From
/// ``smallObject`` keys on, a look at all of them at once when the object ends, in a hash table keyed per process, so
/// that keys made to collide cost no more than others.
struct JSONKeySet {
  static let smallObject = 32

  private struct Entry {
    var hash: UInt32
    var node: UInt32
  }

  /// The keys of one object are the entries from `base` on.
  struct Scope {
    fileprivate var base = 0
    fileprivate var filter: UInt64 = 0
  }

  private var entries: [Entry] = []

  init() { entries.reserveCapacity(64) }

  func open() -> Scope { Scope(base: entries.count) }

  /// Adds a key to the innermost object, unless it may be there already: then ``insert(_:scope:bytes:nodes:)``
  /// has to tell first.
  @inline(__always)
  mutating func insertIfSurelyNew(
    _ node: Int,
    _ key: JSONNode,
    scope: inout Scope,
    bytes: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    let hash = Self.hash(key, bytes)
    let bit = 1 as UInt64 &<< UInt64(hash &>> 26)
    guard scope.filter & bit == 0 || entries.count &- scope.base >= Self.smallObject else { return false }
    scope.filter |= bit
    entries.append(Entry(hash: hash, node: UInt32(truncatingIfNeeded: node)))
    return true
  }

  /// Adds a key to the innermost object; returns false if it is there already.
  @inline(never)
  mutating func insert(_ node: Int, scope: Scope, bytes: UnsafeBufferPointer<UInt8>, nodes: [JSONNode]) -> Bool {
    let key = nodes[node]
    let hash = Self.hash(key, bytes)
    for entry in entries[scope.base...] where entry.hash == hash {
      if Self.equal(nodes[Int(entry.node)], key, bytes) { return false }
    }
    entries.append(Entry(hash: hash, node: UInt32(truncatingIfNeeded: node)))
    return true
  }

  /// Forgets the innermost object.
  @inline(__always)
  mutating func close(_ scope: Scope) {
    entries.removeLast(entries.count - scope.base)
  }

  /// Whether the innermost object is so large that its keys are only looked at together, when it ends.
  @inline(__always)
  func isLarge(_ scope: Scope) -> Bool { entries.count &- scope.base > Self.smallObject }

  /// The node of a key that the innermost object has twice.
  @inline(never)
  func firstDuplicate(in scope: Scope, bytes: UnsafeBufferPointer<UInt8>, nodes: [JSONNode]) -> Int? {
    let members = entries[scope.base...]
    var capacity = 64
    while capacity < members.count * 2 { capacity *= 2 }
    // Zero is an empty slot: node 0 is the root and never a key.
    var slots = [(hash: UInt32, node: UInt32)](repeating: (0, 0), count: capacity)
    for entry in members {
      let node = nodes[Int(entry.node)]
      let keyed = Self.withKey(node, bytes) { key in
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(key))
        return hasher.finalize()
      }
      let hash = UInt32(truncatingIfNeeded: keyed)
      var slot = (keyed >> 32) & (capacity - 1)
      if capacity > 1 << 31 { slot = keyed & (capacity - 1) }
      while slots[slot].node != 0 {
        if slots[slot].hash == hash, Self.equal(nodes[Int(slots[slot].node)], node, bytes) { return Int(entry.node) }
        slot = (slot + 1) & (capacity - 1)
      }
      slots[slot] = (hash, entry.node)
    }
    return nil
  }

  @inline(__always)
  private static func withKey<Result>(
    _ node: JSONNode,
    _ bytes: UnsafeBufferPointer<UInt8>,
    _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    let content = UnsafeBufferPointer(rebasing: bytes[Int(node.start) + 1..<Int(node.end) - 1])
    guard node.hasEscapes else { return body(content) }
    return JSONEscapes.withDecoded(content, body)
  }

  private static func equal(_ one: JSONNode, _ other: JSONNode, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    withKey(one, bytes) { first in
      withKey(other, bytes) { second in first.hasSameBytes(as: second) }
    }
  }

  @inline(__always)
  private static func hash(_ node: JSONNode, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    withKey(node, bytes) { quickHash(UnsafeRawBufferPointer($0)) }
  }

  /// Length, first and last bytes, mixed. Collisions are expected and harmless.
  @inline(__always)
  private static func quickHash(_ key: UnsafeRawBufferPointer) -> UInt32 {
    let count = key.count
    var first: UInt64 = 0
    var last: UInt64 = 0
    if count >= 8 {
      first = key.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
      last = key.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    } else if count >= 4 {
      first = UInt64(key.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
      last = UInt64(key.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
    } else if count > 0 {
      first = UInt64(key[0])
      last = UInt64(key[count &- 1]) &<< 8 | UInt64(key[count &>> 1])
    }
    var mixed = first ^ (last &<< 29 | last &>> 35) ^ UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed &>> 32) &* 0xD6E8_FEB8_6659_FD93
    return UInt32(truncatingIfNeeded: mixed &>> 32)
  }
}
