/// Which notices become Events: the same one is counted up, not written anew, and all together not too many. A value.
struct EventLedger: Sendable {
  enum Decision: Sendable, Equatable {
    case create(name: String)
    case count(name: String, Int)
    case drop
  }

  private struct Entry: Sendable {
    var name: String
    var count: Int
    var written: Duration
  }

  /// Of different notices; beyond, the one that was written longest ago is forgotten.
  static let maximumEntries = 256
  /// Between two writings about the same.
  static let period = Duration.seconds(60)
  /// How many may be written at once, and how long until there is room for another.
  private static let (burst, refill) = (25.0, 6.0)

  private var entries: [Notice: Entry] = [:]
  private var tokens = Self.burst
  private var refilled = Duration.zero

  /// - Parameter name: of an Event that would be new.
  mutating func decide(_ notice: Notice, name: @autoclosure () -> String, at now: Duration) -> Decision {
    tokens = min(Self.burst, tokens + max(now - refilled, .zero) / .seconds(Self.refill))
    refilled = max(refilled, now)
    if var entry = entries[notice] {
      entry.count += 1
      guard now >= entry.written + Self.period, tokens >= 1 else {
        entries[notice] = entry
        return .drop
      }
      tokens -= 1
      entry.written = now
      entries[notice] = entry
      return .count(name: entry.name, entry.count)
    }
    guard tokens >= 1 else { return .drop }
    tokens -= 1
    if entries.count >= Self.maximumEntries, let oldest = entries.min(by: { $0.value.written < $1.value.written }) {
      entries[oldest.key] = nil
    }
    let entry = Entry(name: name(), count: 1, written: now)
    entries[notice] = entry
    return .create(name: entry.name)
  }

  /// It is not there: the next time it is written anew.
  mutating func forget(_ notice: Notice) { entries[notice] = nil }
}
