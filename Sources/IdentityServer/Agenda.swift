/// What is due when, by whole seconds: a value without a clock. Entries cost the same to add, move and remove however
/// many there are, so that one task can look after all streams.
struct Agenda<Entry: Hashable & Sendable>: Sendable {
  private var bySecond: [Int64: Set<Entry>] = [:]
  /// No entry is due before this.
  private var earliest = Int64.max

  /// - Parameter second: since 1970.
  mutating func add(_ entry: Entry, at second: Int64) {
    bySecond[second, default: []].insert(entry)
    earliest = min(earliest, second)
  }

  mutating func remove(_ entry: Entry, at second: Int64) {
    guard bySecond[second]?.remove(entry) != nil, bySecond[second]?.isEmpty == true else { return }
    bySecond[second] = nil
  }

  /// Takes out what is due, the oldest first.
  mutating func takeDue(at second: Int64) -> [Entry] {
    guard earliest <= second else { return [] }
    var due: [Int64] = []
    var next = Int64.max
    for key in bySecond.keys {
      if key <= second { due.append(key) } else { next = min(next, key) }
    }
    earliest = next
    return due.sorted().flatMap { bySecond.removeValue(forKey: $0) ?? [] }
  }

  var isEmpty: Bool { bySecond.isEmpty }
}
