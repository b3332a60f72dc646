#if canImport(Glibc)
  import Glibc
#endif

/// Lets large reviews be answered one at a time: a parsed review takes many times the bytes of its text. Small reviews
/// don't wait here.
///
/// Those who wait hold their share of the ``BodyBudget``, so there are not many of them.
actor LargeReviewTurn {
  /// Bytes of a body from which it has to wait for its turn.
  static let threshold = 1 << 20

  private var isTaken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var lastTrim: ContinuousClock.Instant?

  /// Returns when the turn is the caller's, who has to ``leave()`` afterwards.
  func enter() async {
    guard isTaken else {
      isTaken = true
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func leave() {
    trimIfDue()
    if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
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

  /// Gives the freed pages back to the system, which the allocator would keep: after the last of a row of reviews, and
  /// each second during a long row.
  private func trimIfDue() {
    let now = ContinuousClock.now
    if !waiting.isEmpty, let lastTrim, now - lastTrim < .seconds(1) { return }
    lastTrim = now
    _ = Self.trim?(0)
  }
}
