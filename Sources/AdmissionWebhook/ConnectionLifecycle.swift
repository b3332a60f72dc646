import NIOCore

/// Follows the requests on one HTTP/1.1 connection or HTTP/2 stream and decides when it ends. Pure: time is an argument.
struct ConnectionLifecycle {
  /// A connection serves many requests, a stream one.
  enum Kind: Sendable {
    case connection
    case stream
  }

  /// What to do about a request that did not arrive in time.
  enum SlowRequestAction: Equatable {
    case nothing
    /// Answer 408, then close.
    case answerAndLinger
    /// An answer is under way or was given already.
    case close
  }

  enum IdleAction: Equatable {
    case close
    case checkAgain(NIODeadline)
  }

  let kind: Kind
  /// Requests whose head was read and whose response was not written to its end.
  private(set) var unanswered = 0
  /// When the request that is being read began; nil between requests.
  private(set) var requestBegan: NIODeadline?
  /// Nothing more is read or answered; the other side is given time to read what was written.
  private(set) var isLingering = false
  /// The client's last request was read whole; nothing that comes after it counts.
  private(set) var isInputOver = false
  private(set) var lastActivity: NIODeadline
  private var headArrived = false
  private var responseBegan = false
  private var clientCloses = false
  private var closesAfterResponse = false

  init(kind: Kind, now: NIODeadline) {
    self.kind = kind
    lastActivity = now
  }

  /// Nothing is being read or answered.
  var isIdle: Bool { unanswered == 0 && requestBegan == nil }

  /// Bytes came in, before they are parsed.
  mutating func bytesArrived(now: NIODeadline) {
    lastActivity = now
    if requestBegan == nil { requestBegan = now }
  }

  mutating func headRead(clientCloses: Bool, now: NIODeadline) {
    lastActivity = now
    requestBegan = requestBegan ?? now
    headArrived = true
    unanswered += 1
    if clientCloses { self.clientCloses = true }
  }

  mutating func bodyRead(now: NIODeadline) {
    lastActivity = now
  }

  mutating func requestRead(now: NIODeadline) {
    lastActivity = now
    requestBegan = nil
    headArrived = false
    isInputOver = clientCloses && kind == .connection
  }

  /// - Returns: whether the response is the connection's last and has to say so.
  mutating func responseBegins(closes: Bool, isDraining: Bool) -> Bool {
    responseBegan = true
    // While another request is being read or waits, it gets its answer first.
    if closes || ((clientCloses || isDraining) && unanswered <= 1) { closesAfterResponse = true }
    return closesAfterResponse
  }

  /// - Returns: whether to linger and close now.
  mutating func responseEnded(now: NIODeadline) -> Bool {
    lastActivity = now
    responseBegan = false
    unanswered = max(0, unanswered - 1)
    switch kind {
    case .connection: return closesAfterResponse
    // A stream ends by itself once both sides are done.
    case .stream: return requestBegan != nil
    }
  }

  /// The deadline of the request that began at ``requestBegan`` has passed.
  func requestTimedOut() -> SlowRequestAction {
    guard requestBegan != nil, !isLingering else { return .nothing }
    let isUnanswered = headArrived ? unanswered == 1 && !responseBegan : unanswered == 0
    return isUnanswered ? .answerAndLinger : .close
  }

  func idleTimedOut(after timeout: TimeAmount, now: NIODeadline) -> IdleAction {
    let deadline = lastActivity + timeout
    return now >= deadline ? .close : .checkAgain(deadline)
  }

  mutating func linger() {
    isLingering = true
  }
}
