/// How long leadership lasts and how often it is seen to.
package struct LeaderElectionTiming: Sendable, Hashable {
  /// Others leave a Lease alone for so long after they have seen it renewed.
  package var leaseDuration: Duration
  /// We hold ourselves for the leader for so long after our last renewal was sent: less than others wait.
  package var renewDeadline: Duration
  /// Between looks.
  package var retryPeriod: Duration

  package init(
    leaseDuration: Duration = .seconds(15),
    renewDeadline: Duration = .seconds(10),
    retryPeriod: Duration = .seconds(2)
  ) {
    self.leaseDuration = leaseDuration
    self.renewDeadline = min(renewDeadline, leaseDuration * 2 / 3)
    self.retryPeriod = min(retryPeriod, self.renewDeadline / 3)
  }
}

/// That we lead, until when, and by which number others can tell us from leaders before and after.
package struct Leadership: Sendable, Hashable {
  /// Grows with each change of hands: what is written under it has to carry it, and nothing is taken from a lower one.
  package var fence: Int
  /// By the ``Timekeeper`` of the election.
  package var validUntil: Duration
}

/// Who leads, by what was seen of a Lease and when it was seen here. The clocks of two machines are never compared.
struct LeaderElectionState: Sendable {
  enum Decision: Sendable, Hashable {
    case create(LeaseRecord)
    /// Nobody's, given back, or not renewed for as long as its holder asked for.
    case take(LeaseRecord)
    case renew(LeaseRecord)
    case leave
  }

  /// A holder that asks for more is not waited for longer, in seconds.
  private static let longestLease = 3600

  let identity: String
  let timing: LeaderElectionTiming
  private var observed: (record: LeaseRecord, at: Duration)?
  /// What we hold and when that was last asked for.
  private var held: (fence: Int, acquired: String, at: Duration)?
  /// The highest number that was seen anywhere, so that a Lease that is deleted does not begin anew.
  private var highest = 0
  /// Whether no answer has come since a record of ours was sent.
  private var isUnanswered = false

  init(identity: String, timing: LeaderElectionTiming) {
    self.identity = identity
    self.timing = timing
  }

  func leadership(now: Duration) -> Leadership? {
    guard let held, now < held.at + timing.renewDeadline else { return nil }
    return Leadership(fence: held.fence, validUntil: held.at + timing.renewDeadline)
  }

  var observedHolder: String? { observed?.record.holder }

  /// The Lease says so now; nil where there is none.
  mutating func observe(_ record: LeaseRecord?, now: Duration) {
    guard let record else {
      observed = nil
      held = nil
      return
    }
    highest = max(highest, record.transitions)
    if observed?.record != record { observed = (record, now) }
    if let held, record.holder != identity || record.transitions != held.fence { self.held = nil }
  }

  /// - Parameters:
  ///   - floor: the highest number that leader's work is known to carry.
  ///   - wallClock: what our clock shows, for people.
  func decide(now: Duration, floor: Int, wallClock: String) -> Decision {
    let fence = max(highest, floor, 0)
    // A number that can't grow would fence nobody.
    guard fence < Int.max else { return .leave }
    let seconds = Int(clamping: max(1, timing.leaseDuration.components.seconds))
    var record = LeaseRecord(
      holder: identity,
      duration: seconds,
      transitions: fence + 1,
      acquired: wallClock,
      renewed: wallClock
    )
    guard let observed else { return .create(record) }
    if leadership(now: now) != nil, let held, held.fence >= floor {
      record.transitions = held.fence
      record.acquired = held.acquired
      return .renew(record)
    }
    let lease = Duration.seconds(min(max(observed.record.duration, 0), Self.longestLease))
    // Our name without our memory is that of the process before us, which is over.
    let isFree = observed.record.holder.isEmpty || observed.record.holder == identity
    return isFree || now >= observed.at + lease ? .take(record) : .leave
  }

  /// The record was written; `askedAt` is when that was asked for, which others can't have seen before.
  mutating func wrote(_ record: LeaseRecord, askedAt: Duration) {
    highest = max(highest, record.transitions)
    observed = (record, askedAt)
    held = record.holder == identity ? (record.transitions, record.acquired, askedAt) : nil
    isUnanswered = false
  }

  /// A record of ours is sent: until one is answered, the Lease may be ours without our knowing it. A refusal says nothing
  /// of those sent before, one of which may be what it was refused for.
  mutating func sends() { isUnanswered = true }

  /// Whether the Lease may have to be given back.
  func mayHold(now: Duration) -> Bool { isUnanswered || leadership(now: now) != nil }

  /// What says that the Lease, as it was just read, is nobody's; nil if it is not ours.
  func givingBack(wallClock: String) -> LeaseRecord? {
    guard let record = observed?.record, record.holder == identity else { return nil }
    return LeaseRecord(
      holder: "",
      duration: 1,
      transitions: record.transitions,
      acquired: record.acquired,
      renewed: wallClock
    )
  }
}
