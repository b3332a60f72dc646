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

  func open() -> Scope { Scope(base: entries.count) }

  /// Returns `node` if the innermost object has its key already.
  @inline(__always)
  mutating func insert(
    _ node: Int,
    scope: inout Scope,
    bytes: UnsafeBufferPointer<UInt8>,
    nodes: [JSONNode]
  ) -> Int? {
    let hash = Self.hash(nodes[node], bytes)
    let bit = 1 as UInt64 &<< UInt64(hash &>> 26)
    if scope.filter & bit != 0, entries.count - scope.base < Self.smallObject,
      contains(hash, node, scope: scope, bytes: bytes, nodes: nodes)
    {
      return node
    }
    scope.filter |= bit
    entries.append(Entry(hash: hash, node: UInt32(truncatingIfNeeded: node)))
    return nil
  }

  /// Forgets the innermost object; returns the node of a key that it has twice.
  mutating func close(_ scope: Scope, bytes: UnsafeBufferPointer<UInt8>, nodes: [JSONNode]) -> Int? {
    defer { entries.removeSubrange(scope.base...) }
    guard entries.count - scope.base > Self.smallObject else { return nil }
    return firstDuplicate(in: scope, bytes: bytes, nodes: nodes)
  }

  @inline(never)
  private func contains(
    _ hash: UInt32,
    _ node: Int,
    scope: Scope,
    bytes: UnsafeBufferPointer<UInt8>,
    nodes: [JSONNode]
  ) -> Bool {
    entries[scope.base...].contains { entry in
      entry.hash == hash && Self.equal(nodes[Int(entry.node)], nodes[node], bytes)
    }
  }

  private func firstDuplicate(in scope: Scope, bytes: UnsafeBufferPointer<UInt8>, nodes: [JSONNode]) -> Int? {
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
    return JSONEscapes.decoded(content).withUnsafeBufferPointer(body)
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
