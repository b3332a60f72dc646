/// The values and keys of a JSON text in its order. Grows while it is built, then stays as it is.
///
/// It has one owner, so that appending need not ask each time whether the storage is shared. Indices come from the tape
/// itself: from ``count`` while it is built, and from `next` of its nodes.
struct JSONTape: ~Copyable, @unchecked Sendable {
  private var storage: UnsafeMutableBufferPointer<JSONNode>
  private(set) var count = 0

  init(capacity: Int) { storage = .allocate(capacity: capacity) }

  deinit { storage.deallocate() }

  @inline(__always)
  mutating func append(_ node: JSONNode) {
    if count == storage.count { grow() }
    storage.initializeElement(at: count, to: node)
    count &+= 1
  }

  @inline(never)
  private mutating func grow() {
    let larger = UnsafeMutableBufferPointer<JSONNode>.allocate(capacity: storage.count * 2 + 8)
    _ = larger.moveInitialize(fromContentsOf: UnsafeMutableBufferPointer(rebasing: storage[..<count]))
    storage.deallocate()
    storage = larger
  }

  subscript(_ index: Int) -> JSONNode {
    @inline(__always) get { storage[index] }
    @inline(__always) set { storage[index] = newValue }
  }
}

/// One value or key on the tape. A container is followed by its members (key, value, key, value, …) or elements.
struct JSONNode: Sendable {
  /// The first byte of the value as spelled.
  var start: UInt32
  /// The byte after the value as spelled.
  var end: UInt32
  /// The index of the node after this value and all that is in it.
  var next: UInt32
  /// Bits 0–2: kind. Bit 3: a string with escapes. Bits 4–31: number of members or elements.
  var info: UInt32

  static let escaped: UInt32 = 8
  static let maximumCount = 1 << 28 - 1

  var kind: JSONView.Kind { JSONView.Kind(rawValue: UInt8(truncatingIfNeeded: info & 7)) ?? .null }
  var hasEscapes: Bool { info & Self.escaped != 0 }
  var count: Int { Int(info >> 4) }
}
