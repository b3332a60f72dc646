import NIOConcurrencyHelpers

/// Lets tests wait for what they want to see, without looking again and again.
package final class Observed<State: Sendable>: Sendable {
  private struct Waiter {
    var condition: @Sendable (State) -> Bool
    var continuation: CheckedContinuation<Void, Never>
  }

  private struct Memory {
    var state: State
    var nextNumber = 0
    var waiting: [Int: Waiter] = [:]
  }

  private let memory: NIOLockedValueBox<Memory>

  package init(_ state: State) { memory = NIOLockedValueBox(Memory(state: state)) }

  package var state: State { memory.withLockedValue { $0.state } }

  /// Changes the state, and wakes whom that is good news for.
  @discardableResult
  package func change<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
    let (result, woken) = try memory.withLockedValue { memory in
      let result = try body(&memory.state)
      let woken = memory.waiting.filter { $0.value.condition(memory.state) }
      for number in woken.keys { memory.waiting[number] = nil }
      return (result, woken)
    }
    for waiter in woken.values { waiter.continuation.resume() }
    return result
  }

  /// Returns once the condition holds, or the task is cancelled.
  package func wait(until condition: @escaping @Sendable (State) -> Bool) async {
    let number = memory.withLockedValue { memory in
      memory.nextNumber += 1
      return memory.nextNumber
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = memory.withLockedValue { memory in
          if condition(memory.state) || Task.isCancelled { return true }
          memory.waiting[number] = Waiter(condition: condition, continuation: continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      memory.withLockedValue { $0.waiting.removeValue(forKey: number) }?.continuation.resume()
    }
  }
}
