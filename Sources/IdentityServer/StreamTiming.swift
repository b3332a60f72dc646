/// What a stream's metrics of time need to know of it: two instants, however long it lives.
struct StreamTiming: Sendable {
  private var began: ContinuousClock.Instant?
  /// Of the oldest push that the client has said nothing of. Pushes that come before its answer are not measured.
  private var pushedAt: ContinuousClock.Instant?

  init(began: ContinuousClock.Instant) { self.began = began }

  /// - Returns: how long the client waited, for the first thing that was said.
  mutating func pushed(at now: ContinuousClock.Instant) -> Duration? {
    if pushedAt == nil { pushedAt = now }
    defer { began = nil }
    return began.map { now - $0 }
  }

  /// The client took a push or refused it.
  ///
  /// - Returns: how long that took; nil where the answer is not the first since a push.
  mutating func answered(at now: ContinuousClock.Instant) -> Duration? {
    defer { pushedAt = nil }
    return pushedAt.map { now - $0 }
  }
}
