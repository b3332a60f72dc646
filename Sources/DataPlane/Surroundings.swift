package import FoundationEssentials
package import SidecarIdentity

/// Time and chance.
package struct Surroundings: Sendable {
  /// Since some moment of this process.
  package var now: @Sendable () -> Duration
  /// Ends early only when the task is cancelled.
  package var sleep: @Sendable (Duration) async throws -> Void
  /// 0 to 1.
  package var draw: @Sendable () -> Double
  /// The wall clock, by which certificates end.
  package var date: @Sendable () -> Date
  package var makeKey: @Sendable () throws -> FreshKey

  package init(
    now: @escaping @Sendable () -> Duration,
    sleep: @escaping @Sendable (Duration) async throws -> Void,
    draw: @escaping @Sendable () -> Double,
    date: @escaping @Sendable () -> Date,
    makeKey: @escaping @Sendable () throws -> FreshKey
  ) {
    self.now = now
    self.sleep = sleep
    self.draw = draw
    self.date = date
    self.makeKey = makeKey
  }

  /// The real ones.
  package static func process(makeKey: @escaping @Sendable () throws -> FreshKey) -> Surroundings {
    let clock = ContinuousClock()
    let start = clock.now
    return Surroundings(
      now: { start.duration(to: clock.now) },
      sleep: { try await clock.sleep(for: $0) },
      draw: { Double.random(in: 0...1) },
      date: { Date() },
      makeKey: makeKey
    )
  }
}
