import NIOConcurrencyHelpers

/// Lets tests wait for what they want to see, without looking again and again.
package final class Observed<State: Sendable>: Sendable {
  private struct Memory {
    var state: State
    var waiting: [(condition: @Sendable (State) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let memory: NIOLockedValueBox<Memory>

  package init(_ state: State) { memory = NIOLockedValueBox(Memory(state: state)) }

  package var state: State { memory.withLockedValue { $0.state } }

  /// Changes the state, and wakes whom that is good news for.
  @discardableResult
  package func change<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
    let (result, woken) = try memory.withLockedValue { memory in
      let result = try body(&memory.state)
      let woken = memory.waiting.filter { $0.condition(memory.state) }
      memory.waiting.removeAll { $0.condition(memory.state) }
      return (result, woken)
    }
    for waiter in woken { waiter.continuation.resume() }
    return result
  }

  /// Returns once the condition holds.
  package func wait(until condition: @escaping @Sendable (State) -> Bool) async {
    await withCheckedContinuation { continuation in
      let holds = memory.withLockedValue { memory in
        if condition(memory.state) { return true }
        memory.waiting.append((condition, continuation))
        return false
      }
      if holds { continuation.resume() }
    }
  }
}
