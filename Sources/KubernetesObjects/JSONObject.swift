/// Members in their order. Equal in any order, keys compared byte for byte as Kubernetes does.
package struct JSONObject: Sendable {
  package struct Member: Sendable, Hashable {
    package let key: String
    package var value: JSONValue

    package static func == (one: Member, other: Member) -> Bool {
      JSONKey(one.key) == JSONKey(other.key) && one.value == other.value
    }

    package func hash(into hasher: inout Hasher) {
      hasher.combine(JSONKey(key))
      hasher.combine(value)
    }
  }

  private var members: [Member] = []
  /// Positions by key, only while there are more than ``indexed`` members.
  private var positions: [JSONKey: Int] = [:]
  private static let indexed = 16

  package init() {}

  /// Where a key comes twice, the last value counts, at the first one's place.
  package init(_ members: [(String, JSONValue)]) {
    reserveCapacity(members.count)
    for (key, value) in members { self[key] = value }
  }

  package var count: Int { members.count }
  package var isEmpty: Bool { members.isEmpty }
  package var keys: [String] { members.map(\.key) }

  package mutating func reserveCapacity(_ count: Int) {
    members.reserveCapacity(count)
    if count > Self.indexed { positions.reserveCapacity(count) }
  }

  /// Setting keeps the member's place, a new member goes last, nil removes.
  package subscript(_ key: String) -> JSONValue? {
    get {
      position(of: key).map { members[$0].value }
    }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?): members[position].value = value
      case (let position?, nil): remove(at: position)
      case (nil, let value?): append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }

  private func position(of key: String) -> Int? {
    if members.count > Self.indexed { return positions[JSONKey(key)] }
    return members.firstIndex { JSONKey($0.key) == JSONKey(key) }
  }

  /// For keys that are known to be new.
  mutating func appendNew(_ key: String, _ value: JSONValue) { append(Member(key: key, value: value)) }

  private mutating func append(_ member: Member) {
    members.append(member)
    if members.count == Self.indexed + 1 {
      rebuildPositions()
    } else if members.count > Self.indexed {
      positions[JSONKey(member.key)] = members.count - 1
    }
  }

  private mutating func remove(at position: Int) {
    members.remove(at: position)
    rebuildPositions()
  }

  private mutating func rebuildPositions() {
    positions.removeAll(keepingCapacity: true)
    guard members.count > Self.indexed else { return }
    for (position, member) in members.enumerated() { positions[JSONKey(member.key)] = position }
  }
}

extension JSONObject: Sequence {
  package var underestimatedCount: Int { members.count }

  package func makeIterator() -> Iterator { Iterator(members: members.makeIterator()) }

  package struct Iterator: IteratorProtocol {
    fileprivate var members: IndexingIterator<[Member]>

    package mutating func next() -> (key: String, value: JSONValue)? {
      members.next().map { ($0.key, $0.value) }
    }
  }
}

extension JSONObject: Hashable {
  package static func == (one: JSONObject, other: JSONObject) -> Bool {
    one.count == other.count && one.members.allSatisfy { other[$0.key] == $0.value }
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    // A sum does not depend on the order.
    hasher.combine(members.reduce(0) { $0 &+ $1.hashValue })
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}
