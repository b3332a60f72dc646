import Synchronization

/// Why this process should not get requests yet, or any more.
final class Readiness: Sendable {
  enum Condition: String, Sendable, CaseIterable {
    case starting = "the webhook does not listen yet"
    case shuttingDown = "shutting down"
  }

  private let conditions = Mutex<Set<Condition>>([.starting])
  /// What others know of; asked each time.
  private let others: @Sendable () -> [String]
  /// What goes on from memory meanwhile; asked each time.
  let degradations: @Sendable () -> [String]

  init(
    others: @escaping @Sendable () -> [String] = { [] },
    degradations: @escaping @Sendable () -> [String] = { [] }
  ) {
    self.others = others
    self.degradations = degradations
  }

  func add(_ condition: Condition) { _ = conditions.withLock { $0.insert(condition) } }

  func remove(_ condition: Condition) { _ = conditions.withLock { $0.remove(condition) } }

  /// Empty: ready.
  var reasons: [String] {
    let current = conditions.withLock { $0 }
    return Condition.allCases.filter(current.contains).map(\.rawValue) + others()
  }
}
