/// Time that only goes forward, as durations since some moment of this process, and waiting in it.
package struct Timekeeper: Sendable {
  package let now: @Sendable () -> Duration
  /// Ends early only when the task is cancelled.
  package let sleep: @Sendable (Duration) async throws -> Void

  /// By a clock that does not stop while the machine sleeps, in the product.
  package init(_ clock: some Clock<Duration> = ContinuousClock()) {
    let start = clock.now
    now = { start.duration(to: clock.now) }
    sleep = { try await clock.sleep(for: $0) }
  }

  package init(
    now: @escaping @Sendable () -> Duration,
    sleep: @escaping @Sendable (Duration) async throws -> Void
  ) {
    self.now = now
    self.sleep = sleep
  }

  /// Runs `body`, and cancels it when it has taken so long; nil then.
  func limit<Result: Sendable>(
    _ duration: Duration,
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result? {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await sleep(duration)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }
}
