/// A token bucket in which each priority keeps something back from the ones below it. A value without a clock.
///
/// Whoever has to wait stands in line: first by priority, then by arrival.
struct PriorityTokenBucket: Sendable {
  /// Tokens a second.
  private let rate: Double
  private let capacity: Double
  private var tokens: Double
  /// When ``tokens`` was right.
  private var filledAt: Duration
  private var line: [Ticket] = []
  private var nextNumber = 0

  struct Ticket: Sendable, Hashable {
    let number: Int
    let priority: RequestPriority
  }

  enum Admission: Sendable, Hashable {
    case go
    /// Ask again then; others may have come before.
    case wait(Duration)
  }

  init(rate: Double, capacity: Double, now: Duration) {
    self.rate = max(rate, 0.001)
    self.capacity = max(capacity, 1)
    tokens = self.capacity
    filledAt = now
  }

  /// A place in the line.
  mutating func enter(_ priority: RequestPriority) -> Ticket {
    let ticket = Ticket(number: nextNumber, priority: priority)
    nextNumber &+= 1
    let place = line.firstIndex { $0.priority < priority } ?? line.count
    line.insert(ticket, at: place)
    return ticket
  }

  /// Takes a token for whoever stands there, if it is their turn and there is one.
  mutating func admit(_ ticket: Ticket, now: Duration) -> Admission {
    fill(now)
    guard let place = line.firstIndex(of: ticket) else { return .go }
    // Those before take one each first.
    let missing = Double(place) + 1 + reserve(for: ticket.priority) - tokens
    if missing <= 0 {
      tokens -= 1
      line.remove(at: place)
      return .go
    }
    return .wait(.seconds(missing / rate))
  }

  /// Leaves the line without a token.
  mutating func leave(_ ticket: Ticket) { line.removeAll { $0 == ticket } }

  /// What has to stay in the bucket for those above.
  private func reserve(for priority: RequestPriority) -> Double {
    switch priority {
    case .urgent: 0
    case .normal: capacity > 2 ? (capacity / 5).rounded(.down) : 0
    case .background: capacity > 2 ? (capacity / 2).rounded(.down) : 0
    }
  }

  private mutating func fill(_ now: Duration) {
    guard now > filledAt else { return }
    tokens = min(capacity, tokens + (now - filledAt) / .seconds(1) * rate)
    filledAt = now
  }
}
