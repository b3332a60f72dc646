import KubernetesAPI
import NIOConcurrencyHelpers

/// Wakes a loop that looks at everything whenever something may have changed: rung many times before it looks, it looks
/// once.
final class Bell: Sendable {
  private struct Memory {
    var isRung = false
    var waiting: CheckedContinuation<Void, Never>?
  }

  private let memory = NIOLockedValueBox(Memory())

  func ring() {
    let waiting = memory.withLockedValue { memory in
      defer { memory.waiting = nil }
      if memory.waiting == nil { memory.isRung = true }
      return memory.waiting
    }
    waiting?.resume()
  }

  /// Returns when it is rung, was rung since the last time, the time is over, or the task is cancelled.
  func wait(atMost duration: Duration, _ time: Timekeeper) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.wait() }
      // Only cancellation ends it early.
      group.addTask { try? await time.sleep(duration) }
      await group.next()
      group.cancelAll()
    }
  }

  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = memory.withLockedValue { memory in
          if memory.isRung || Task.isCancelled {
            memory.isRung = false
            return true
          }
          memory.waiting = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let waiting = memory.withLockedValue { memory in
        defer { memory.waiting = nil }
        return memory.waiting
      }
      waiting?.resume()
    }
  }
}
