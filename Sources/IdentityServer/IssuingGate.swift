import NIOConcurrencyHelpers

/// Lets so many requests issue at a time, and so many wait. Who renews goes first: its certificate is about to end, while
/// who has none yet has nothing to lose.
final class IssuingGate: Sendable {
  private struct State {
    var free: Int
    var renewals: [CheckedContinuation<Void, Never>] = []
    var others: [CheckedContinuation<Void, Never>] = []
    /// Where the queues begin; what is before has gone through.
    var firstRenewal = 0
    var firstOther = 0

    init(free: Int) { self.free = free }

    var waiting: Int { renewals.count - firstRenewal + others.count - firstOther }
  }

  private let state: NIOLockedValueBox<State>
  private let maximumWaiting: Int

  init(width: Int, maximumWaiting: Int) {
    state = NIOLockedValueBox(State(free: max(1, width)))
    self.maximumWaiting = maximumWaiting
  }

  var waiting: Int { state.withLockedValue { $0.waiting } }

  /// - Returns: nil when too many wait already.
  func pass<Success: Sendable, Failure>(
    renewal: Bool,
    _ body: () async throws(Failure) -> Success
  ) async throws(Failure) -> Success? {
    guard await enter(renewal: renewal) else { return nil }
    defer { leave() }
    return try await body()
  }

  private func enter(renewal: Bool) async -> Bool {
    let decision = state.withLockedValue { state -> Bool? in
      guard state.free == 0 else {
        state.free -= 1
        return true
      }
      return state.waiting < maximumWaiting ? nil : false
    }
    if let decision { return decision }
    await withCheckedContinuation { continuation in
      let isFree = state.withLockedValue { state in
        guard state.free == 0 else {
          state.free -= 1
          return true
        }
        if renewal { state.renewals.append(continuation) } else { state.others.append(continuation) }
        return false
      }
      if isFree { continuation.resume() }
    }
    return true
  }

  private func leave() {
    let next = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
      if let next = Self.take(&state.renewals, &state.firstRenewal) { return next }
      if let next = Self.take(&state.others, &state.firstOther) { return next }
      state.free += 1
      return nil
    }
    next?.resume()
  }

  private static func take(
    _ queue: inout [CheckedContinuation<Void, Never>],
    _ first: inout Int
  ) -> CheckedContinuation<Void, Never>? {
    guard first < queue.count else { return nil }
    let next = queue[first]
    first += 1
    // Amortised: as many are moved as have gone.
    if first * 2 >= queue.count {
      queue.removeFirst(first)
      first = 0
    }
    return next
  }
}
