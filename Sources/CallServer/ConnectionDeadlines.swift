import NIOCore

/// By when a connection has to do what, as a value without a clock: when a peer is asked to go, or whether it is there, and
/// what becomes of one that never answers.
struct ConnectionDeadlines: Sendable {
  /// Why a connection is cut off.
  enum Cut: String, Sendable, CaseIterable {
    /// TLS was not agreed on in time.
    case handshake
    /// HTTP/2 was not begun in time.
    case preface
    case silence
    /// It was told to go, and did not.
    case overstay
  }

  enum Step: Equatable, Sendable {
    case wait(until: NIODeadline)
    case askToGo
    /// Whether the peer is there.
    case ask
    case cut(Cut)
  }

  private enum Phase {
    case handshake(until: NIODeadline)
    case preface(until: NIODeadline)
    case open
  }

  /// The preface of RFC 9113 section 3.4 and the header of the settings that are to follow.
  private static let prefaceBytes = 24 + 9

  private let handshakeTimeout: TimeAmount
  private let keepalive: TimeAmount
  private let silence: TimeAmount
  private let departure: TimeAmount
  private var phase: Phase
  private var received = 0
  private var lastReceived: NIODeadline
  /// Since it was heard last.
  private var wasAsked = false
  /// Nil once the connection was told to go, or if it never is.
  private var goAt: NIODeadline?
  private var goneBy: NIODeadline?

  /// - Parameter age: after which the connection is told to go.
  init(limits: CallLimits, usesTLS: Bool, age: Duration?, now: NIODeadline) {
    handshakeTimeout = TimeAmount(limits.handshakeTimeout)
    keepalive = TimeAmount(limits.keepaliveTime)
    silence = TimeAmount(limits.keepaliveTime + limits.keepaliveTimeout + limits.connectionGrace)
    departure = TimeAmount(limits.connectionGrace + limits.departureMargin)
    let until = now + handshakeTimeout
    phase = usesTLS ? .handshake(until: until) : .preface(until: until)
    lastReceived = now
    goAt = age.map { now + TimeAmount($0) }
  }

  mutating func handshakeCompleted(now: NIODeadline) {
    guard case .handshake = phase else { return }
    phase = .preface(until: now + handshakeTimeout)
  }

  /// - Parameter bytes: of what TLS holds.
  mutating func received(_ bytes: Int, now: NIODeadline) {
    lastReceived = now
    wasAsked = false
    guard case .preface = phase else { return }
    received += bytes
    if received >= Self.prefaceBytes { phase = .open }
  }

  mutating func asked() { wasAsked = true }

  mutating func askedToGo(now: NIODeadline) {
    goAt = nil
    if goneBy == nil { goneBy = now + departure }
  }

  /// What is to be done. Nobody has to look before the deadline that is told: deadlines only ever move away, and the
  /// first after which a peer is asked whether it is there is not nearer than that.
  func step(now: NIODeadline) -> Step {
    var next = lastReceived + silence
    guard now < next else { return .cut(.silence) }
    switch phase {
    case .handshake(let until):
      guard now < until else { return .cut(.handshake) }
      next = min(next, until, now + keepalive)
    case .preface(let until):
      guard now < until else { return .cut(.preface) }
      next = min(next, until, now + keepalive)
    case .open:
      let askAt = wasAsked ? now + keepalive : lastReceived + keepalive
      guard now < askAt else { return .ask }
      next = min(next, askAt)
    }
    if let goneBy {
      guard now < goneBy else { return .cut(.overstay) }
      next = min(next, goneBy)
    }
    if let goAt {
      guard now < goAt else { return .askToGo }
      next = min(next, goAt)
    }
    return .wait(until: next)
  }
}
