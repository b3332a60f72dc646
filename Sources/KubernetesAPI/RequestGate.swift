import NIOConcurrencyHelpers

/// Lets requests through at our share of the API server's time, the urgent ones first.
final class RequestGate: Sendable {
  private let bucket: NIOLockedValueBox<PriorityTokenBucket>
  private let time: Timekeeper

  init(rate: Double, burst: Double, time: Timekeeper) {
    bucket = NIOLockedValueBox(PriorityTokenBucket(rate: rate, capacity: burst, now: time.now()))
    self.time = time
  }

  /// Returns when it is this request's turn; throws when the task is cancelled before.
  func pass(_ priority: RequestPriority) async throws {
    let ticket = bucket.withLockedValue { $0.enter(priority) }
    while true {
      let admission = bucket.withLockedValue { $0.admit(ticket, now: time.now()) }
      guard case .wait(let duration) = admission else { return }
      do {
        try await time.sleep(duration)
      } catch {
        bucket.withLockedValue { $0.leave(ticket) }
        throw error
      }
    }
  }
}
