/// So many a second, and so many at once. A value: the time comes in.
struct RateLimit: Sendable {
  private let interval: Duration
  private let tolerance: Duration
  /// When the next one would come if all came evenly.
  private var due: Duration?

  init(perSecond: Double, burst: Int) {
    interval = .seconds(1 / max(perSecond, 0.001))
    tolerance = interval * (max(burst, 1) - 1)
  }

  /// Takes a turn, and tells how long to wait for it; nil, and no turn, if that is longer than `longestWait`.
  mutating func take(now: Duration, longestWait: Duration = .zero) -> Duration? {
    let due = max(due ?? now, now)
    let wait = max(.zero, due - tolerance - now)
    guard wait <= longestWait else { return nil }
    self.due = due + interval
    return wait
  }
}
