import KubernetesAPI

/// When what failed is tried again, for each thing by itself and without an end. A value.
struct RetryLedger<Key: Hashable & Sendable>: Sendable {
  private struct Entry: Sendable {
    var failures: Int
    var notBefore: Duration
  }

  private var entries: [Key: Entry] = [:]
  private let backoff: Backoff

  init(backoff: Backoff = Backoff(first: .milliseconds(500), longest: .seconds(60))) { self.backoff = backoff }

  func isDue(_ key: Key, at now: Duration) -> Bool { entries[key].map { $0.notBefore <= now } ?? true }

  /// When the first of those that wait is due.
  func nextDue(after now: Duration) -> Duration? { entries.values.map(\.notBefore).filter { $0 > now }.min() }

  /// - Parameter atLeast: for what is not to be expected to mend soon.
  mutating func failed(_ key: Key, at now: Duration, draw: Double, retryAfter: Duration?, atLeast: Duration = .zero) {
    let failures = min((entries[key]?.failures ?? 0) + 1, 64)
    let wait = max(backoff.wait(failures: failures, draw: draw, retryAfter: retryAfter), atLeast)
    entries[key] = Entry(failures: failures, notBefore: now + wait)
  }

  /// Done; it takes a moment until the watch tells so.
  mutating func succeeded(_ key: Key, at now: Duration, quietFor quiet: Duration) {
    entries[key] = Entry(failures: 0, notBefore: now + quiet)
  }

  /// It has changed: what was waited for may be over. Failures go on counting.
  mutating func changed(_ key: Key) {
    if entries[key]?.failures == 0 { entries[key] = nil }
  }

  mutating func forget(_ key: Key) { entries[key] = nil }

  mutating func keep(only isKept: (Key) -> Bool) { entries = entries.filter { isKept($0.key) } }
}
