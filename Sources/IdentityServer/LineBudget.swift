import FoundationEssentials

/// How many lines callers may cause in each second of the clock: a value without a clock of its own.
struct LineBudget: Sendable {
  private let linesPerSecond: Int
  private var second = Int64.min
  private var spent = 0
  private var suppressed = 0

  init(linesPerSecond: Int) { self.linesPerSecond = linesPerSecond }

  /// - Returns: whether a line may be written now, and then how many were left out since the last one.
  mutating func spend(now: Date) -> (isAllowed: Bool, suppressed: Int) {
    let current = Int64(now.timeIntervalSince1970.rounded(.down))
    if current != second {
      second = current
      spent = 0
    }
    guard spent < linesPerSecond else {
      suppressed += 1
      return (false, 0)
    }
    spent += 1
    defer { suppressed = 0 }
    return (true, suppressed)
  }
}
