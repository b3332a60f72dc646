/// Time and chance.
package struct Surroundings: Sendable {
  /// Since some moment of this process.
  package var now: @Sendable () -> Duration
  /// Ends early only when the task is cancelled.
  package var sleep: @Sendable (Duration) async throws -> Void
  /// 0 to 1.
  package var draw: @Sendable () -> Double

  package init(
    now: @escaping @Sendable () -> Duration,
    sleep: @escaping @Sendable (Duration) async throws -> Void,
    draw: @escaping @Sendable () -> Double
  ) {
    self.now = now
    self.sleep = sleep
    self.draw = draw
  }

  /// The real ones.
  package static func process() -> Surroundings {
    let clock = ContinuousClock()
    let start = clock.now
    return Surroundings(
      now: { start.duration(to: clock.now) },
      sleep: { try await clock.sleep(for: $0) },
      draw: { Double.random(in: 0...1) }
    )
  }
}
