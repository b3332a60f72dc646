import FoundationEssentials

/// How many lines strangers may cause: a value without a clock.
struct LineBudget: Sendable {
  /// In each second of the clock.
  static let linesPerSecond = 10

  private var second = Int64.min
  private var spent = 0
  private var suppressed = 0

  /// - Returns: whether a line may be written now, and then how many were left out since the last one.
  mutating func spend(now: Date) -> (isAllowed: Bool, suppressed: Int) {
    let current = Int64(now.timeIntervalSince1970.rounded(.down))
    if current != second {
      second = current
      spent = 0
    }
    guard spent < Self.linesPerSecond else {
      suppressed += 1
      return (false, 0)
    }
    spent += 1
    defer { suppressed = 0 }
    return (true, suppressed)
  }
}
