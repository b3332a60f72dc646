import NIOConcurrencyHelpers

/// One piece of work per key at a time: whoever comes meanwhile gets what comes of it.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private enum Landing: Sendable {
    case landed(Value)
    /// Whoever did the work has given up: the next one does it.
    case abandoned
    case cancelled
  }

  private struct Memory {
    var nextNumber = 0
    /// Who waits for each piece of work that is being done.
    var flights: [Key: [Int: CheckedContinuation<Landing, Never>]] = [:]
  }

  private let memory = NIOLockedValueBox(Memory())

  /// How many wait for the work of others.
  var waiting: Int { memory.withLockedValue { $0.flights.values.reduce(0) { $0 + $1.count } } }

  /// Nil only when the task is cancelled.
  ///
  /// - Parameter work: gives nil only when the task that it runs in is cancelled.
  func value(_ key: Key, _ work: () async -> Value?) async -> Value? {
    while !Task.isCancelled {
      if takeOff(key) {
        let value = await work()
        land(key, value)
        return value
      }
      switch await wait(for: key) {
      case .landed(let value): return value
      case .abandoned: continue
      case .cancelled: return nil
      }
    }
    return nil
  }

  private func takeOff(_ key: Key) -> Bool {
    memory.withLockedValue { memory in
      guard memory.flights[key] == nil else { return false }
      memory.flights[key] = [:]
      return true
    }
  }

  private func land(_ key: Key, _ value: Value?) {
    let waiting = memory.withLockedValue { $0.flights.removeValue(forKey: key) ?? [:] }
    for continuation in waiting.values { continuation.resume(returning: value.map { .landed($0) } ?? .abandoned) }
  }

  private func wait(for key: Key) async -> Landing {
    let number = memory.withLockedValue { memory in
      memory.nextNumber &+= 1
      return memory.nextNumber
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Landing, Never>) in
        let outcome: Landing? = memory.withLockedValue { memory in
          // Cancellation sets its flag first and looks for the waiter then, under this lock.
          if Task.isCancelled { return .cancelled }
          guard memory.flights[key] != nil else { return .abandoned }
          memory.flights[key]?[number] = continuation
          return nil
        }
        if let outcome { continuation.resume(returning: outcome) }
      }
    } onCancel: {
      memory.withLockedValue { $0.flights[key]?.removeValue(forKey: number) }?.resume(returning: .cancelled)
    }
  }
}
