import NIOConcurrencyHelpers

/// Shut at first, then open for good.
final class Latch: Sendable {
  private struct Memory {
    var isOpen = false
    var nextNumber = 0
    var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
  }

  private let memory = NIOLockedValueBox(Memory())

  var isOpen: Bool { memory.withLockedValue { $0.isOpen } }

  func open() {
    let waiting = memory.withLockedValue { memory in
      memory.isOpen = true
      defer { memory.waiting = [:] }
      return memory.waiting.values.map { $0 }
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Returns once it is open; throws when the task is cancelled before.
  func wait() async throws {
    let number = memory.withLockedValue { memory in
      memory.nextNumber &+= 1
      return memory.nextNumber
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let outcome: Result<Void, any Error>? = memory.withLockedValue { memory in
          if memory.isOpen { return .success(()) }
          // Cancellation sets its flag first and looks for the waiter then, under this lock.
          if Task.isCancelled { return .failure(CancellationError()) }
          memory.waiting[number] = continuation
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      memory.withLockedValue { $0.waiting.removeValue(forKey: number) }?.resume(throwing: CancellationError())
    }
  }
}
