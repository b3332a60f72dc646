import NIOConcurrencyHelpers

/// A clock that stands still until a test moves it.
package final class ManualClock: Clock, Sendable {
  package struct Instant: InstantProtocol, Sendable, Hashable {
    package var offset: Duration

    package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    package func duration(to other: Instant) -> Duration { other.offset - offset }
    package static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
  }

  private struct Sleeper {
    var end: Instant
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct Memory {
    var now = Instant(offset: .zero)
    var nextNumber = 0
    var sleepers: [Int: Sleeper] = [:]
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let memory = NIOLockedValueBox(Memory())

  package init() {}

  package var now: Instant { memory.withLockedValue { $0.now } }
  package var minimumResolution: Duration { .nanoseconds(1) }

  /// How many are asleep.
  package var sleepers: Int { memory.withLockedValue { $0.sleepers.count } }

  package func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
    let number = memory.withLockedValue { memory in
      memory.nextNumber += 1
      return memory.nextNumber
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let (outcome, seen) = memory.withLockedValue { memory -> (Result<Void, any Error>?, [() -> Void]) in
          if Task.isCancelled { return (.failure(CancellationError()), []) }
          if deadline <= memory.now { return (.success(()), []) }
          memory.sleepers[number] = Sleeper(end: deadline, continuation: continuation)
          let ready = memory.watchers.filter { $0.count <= memory.sleepers.count }
          memory.watchers.removeAll { $0.count <= memory.sleepers.count }
          return (nil, ready.map { watcher in { watcher.continuation.resume() } })
        }
        if let outcome { continuation.resume(with: outcome) }
        for tell in seen { tell() }
      }
    } onCancel: {
      memory.withLockedValue { $0.sleepers.removeValue(forKey: number) }?.continuation
        .resume(throwing: CancellationError())
    }
  }

  /// Moves time on, and wakes who has slept long enough.
  package func advance(by duration: Duration) {
    let woken = memory.withLockedValue { memory in
      memory.now = memory.now.advanced(by: duration)
      let due = memory.sleepers.filter { $0.value.end <= memory.now }
      for number in due.keys { memory.sleepers[number] = nil }
      return due.values.sorted { $0.end < $1.end }
    }
    for sleeper in woken { sleeper.continuation.resume() }
  }

  /// Returns as soon as so many are asleep.
  package func waitForSleepers(_ count: Int = 1) async {
    await withCheckedContinuation { continuation in
      let isThere = memory.withLockedValue { memory in
        if memory.sleepers.count >= count { return true }
        memory.watchers.append((count, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }
}
