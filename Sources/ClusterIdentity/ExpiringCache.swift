/// What was found a moment ago, by what it was asked for: bounded, and each entry for its own time. A value without a clock.
struct ExpiringCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    let value: Value
    let from: Duration
    let until: Duration
  }

  private let capacity: Int
  private var entries: [Key: Entry] = [:]
  /// Keys in the order in which they came, a ring once it is full.
  private var order: [Key] = []
  private var oldest = 0

  /// - Parameter capacity: the oldest entry gives way.
  init(capacity: Int) { self.capacity = max(1, capacity) }

  var count: Int { entries.count }

  func value(_ key: Key, now: Duration) -> Value? {
    guard let entry = entries[key], entry.from <= now, now < entry.until else { return nil }
    return entry.value
  }

  mutating func insert(_ value: Value, for key: Key, now: Duration, lifetime: Duration) {
    let entry = Entry(value: value, from: now, until: now + lifetime)
    guard entries.updateValue(entry, forKey: key) == nil else { return }
    if order.count < capacity {
      order.append(key)
    } else {
      entries[order[oldest]] = nil
      order[oldest] = key
      oldest = (oldest + 1) % capacity
    }
  }
}
