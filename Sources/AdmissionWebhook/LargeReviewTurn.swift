import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#endif

/// Lets large reviews be answered one at a time: a parsed review takes many times the bytes of its text. Small reviews
/// don't wait here.
///
/// Those who wait hold their share of the ``BodyBudget``, so there are not many of them.
final class LargeReviewTurn: Sendable {
  /// Bytes of a body from which it has to wait for its turn.
  static let threshold = 1 << 20

  private struct State {
    var isTaken = false
    var lastTicket = 0
    /// In the order in which they came.
    var waiting: [(ticket: Int, turn: CheckedContinuation<Bool, Never>)] = []
    var lastTrim: ContinuousClock.Instant?
  }

  private let state = NIOLockedValueBox(State())

  /// How many wait for their turn.
  var waiting: Int { state.withLockedValue { $0.waiting.count } }

  /// Returns true when the turn is the caller's, who has to ``leave()`` afterwards; false, without a turn, as soon as the
  /// caller's task is cancelled.
  func enter() async -> Bool {
    let ticket = state.withLockedValue { state in
      state.lastTicket += 1
      return state.lastTicket
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { turn in
        let outcome: Bool? = state.withLockedValue { state in
          // Cancelled before or within this block is seen here, later in the list.
          if Task.isCancelled { return false }
          if state.isTaken {
            state.waiting.append((ticket, turn))
            return nil
          }
          state.isTaken = true
          return true
        }
        if let outcome { turn.resume(returning: outcome) }
      }
    } onCancel: {
      let gone = state.withLockedValue { state in
        state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0).turn }
      }
      gone?.resume(returning: false)
    }
  }

  func leave() {
    if isTrimDue() { _ = Self.trim?(0) }
    let next = state.withLockedValue { state in
      let next = state.waiting.isEmpty ? nil : state.waiting.removeFirst().turn
      state.isTaken = next != nil
      return next
    }
    next?.resume(returning: true)
  }

  /// The allocator's `malloc_trim(3)`, which Swift's module of the C library leaves out; nil where there is none.
  private static let trim: (@convention(c) @Sendable (Int) -> CInt)? = {
    #if canImport(Glibc)
      guard let symbol = dlsym(nil, "malloc_trim") else { return nil }
      return unsafeBitCast(symbol, to: (@convention(c) @Sendable (Int) -> CInt).self)
    #else
      return nil
    #endif
  }()

  /// Freed pages are given back to the system, which the allocator would keep: after the last of a row of reviews, and
  /// each second during a long row.
  private func isTrimDue() -> Bool {
    let now = ContinuousClock.now
    return state.withLockedValue { state in
      if !state.waiting.isEmpty, let last = state.lastTrim, now - last < .seconds(1) { return false }
      state.lastTrim = now
      return true
    }
  }
}
