import NIOConcurrencyHelpers

/// Counts what several tasks do.
final class Tally: Sendable {
  private let total = NIOLockedValueBox(0)

  var count: Int { total.withLockedValue { $0 } }

  func add() {
    total.withLockedValue { $0 += 1 }
  }
}
