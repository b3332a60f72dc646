import KubernetesAPI

/// When what failed is tried again, for each thing by itself and without an end. A value.
struct RetryLedger<Key: Hashable & Sendable>: Sendable {
  private struct Entry: Sendable {
    var failures = 0
    var notBefore = Duration.zero
    /// It has failed last, so that a change from elsewhere does not cut the wait short.
    var isFailed = false
  }

  private var entries: [Key: Entry] = [:]
  private let backoff: Backoff

  init(backoff: Backoff = Backoff(first: .milliseconds(500), longest: .seconds(60))) { self.backoff = backoff }

  func isDue(_ key: Key, at now: Duration) -> Bool { entries[key].map { $0.notBefore <= now } ?? true }

  /// When the first of those that wait is due.
  func nextDue(after now: Duration) -> Duration? { entries.values.map(\.notBefore).filter { $0 > now }.min() }

  /// It is being done. After that it takes a moment until the watch tells so, which ends the wait.
  mutating func begins(_ key: Key, at now: Duration, quietFor quiet: Duration = .seconds(5)) {
    entries[key, default: Entry()].notBefore = now + quiet
    entries[key]?.isFailed = false
  }

  /// - Parameter atLeast: for what is not to be expected to mend soon.
  mutating func failed(_ key: Key, at now: Duration, draw: Double, retryAfter: Duration?, atLeast: Duration = .zero) {
    let failures = min((entries[key]?.failures ?? 0) + 1, 64)
    let wait = max(backoff.wait(failures: failures, draw: draw, retryAfter: retryAfter), atLeast)
    entries[key] = Entry(failures: failures, notBefore: now + wait, isFailed: true)
  }

  mutating func succeeded(_ key: Key) { entries[key]?.failures = 0 }

  /// The watch has told of it.
  mutating func changed(_ key: Key) {
    if entries[key]?.isFailed == false { entries[key]?.notBefore = .zero }
  }

  mutating func forget(_ key: Key) { entries[key] = nil }
}
