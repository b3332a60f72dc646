import NIOConcurrencyHelpers

/// Lets tasks wait until so many others have arrived.
final class OpenGate: Sendable {
  private struct State {
    var remaining: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state: NIOLockedValueBox<State>

  init(count: Int) {
    state = NIOLockedValueBox(State(remaining: count))
  }

  func arrive() async {
    let waiting = state.withLockedValue { state in
      state.remaining -= 1
      guard state.remaining <= 0 else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Returns once everyone has arrived.
  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLockedValue { state in
        if state.remaining > 0 { state.waiting.append(continuation) }
        return state.remaining <= 0
      }
      if isOpen { continuation.resume() }
    }
  }
}
