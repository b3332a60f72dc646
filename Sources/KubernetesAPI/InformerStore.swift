/// The projections of objects by where they are, and by a second key. A value.
struct InformerStore<Value: Sendable & Equatable>: Sendable {
  private var entries: [ObjectKey: Value] = [:]
  private var index: [String: Set<ObjectKey>] = [:]
  private let indexKeys: @Sendable (ObjectKey, Value) -> [String]

  /// - Parameter indexKeys: under what else an object is found.
  init(indexKeys: @escaping @Sendable (ObjectKey, Value) -> [String] = { _, _ in [] }) { self.indexKeys = indexKeys }

  var count: Int { entries.count }

  subscript(_ key: ObjectKey) -> Value? { entries[key] }

  var all: [ObjectKey: Value] { entries }

  func keys(indexedBy text: String) -> Set<ObjectKey> { index[text] ?? [] }

  /// Takes in an object's state; nil if that changes nothing for anybody, as when it comes a second time.
  mutating func set(_ object: ObservedObject<Value>) -> InformerChange<Value>? {
    guard let value = object.value else { return remove(object.key) }
    let before = entries[object.key]
    entries[object.key] = value
    guard before != value else { return nil }
    if let before { unlist(object.key, before) }
    for text in indexKeys(object.key, value) { index[text, default: []].insert(object.key) }
    return before.map { .changed(object.key, from: $0, to: value) } ?? .added(object.key, value)
  }

  mutating func remove(_ key: ObjectKey) -> InformerChange<Value>? {
    guard let value = entries.removeValue(forKey: key) else { return nil }
    unlist(key, value)
    return .removed(key, value)
  }

  /// Takes in a whole list: what is not on it is gone.
  mutating func replace(with objects: [ObservedObject<Value>]) -> [InformerChange<Value>] {
    let listed = Set(objects.lazy.filter { $0.value != nil }.map(\.key))
    let gone = entries.keys.filter { !listed.contains($0) }
    return gone.compactMap { remove($0) } + objects.compactMap { set($0) }
  }

  private mutating func unlist(_ key: ObjectKey, _ value: Value) {
    for text in indexKeys(key, value) {
      index[text]?.remove(key)
      if index[text]?.isEmpty == true { index[text] = nil }
    }
  }
}
