import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOTLS
import Testing

@testable import CallServer

/// With an event loop whose clock is ours.
@Suite struct ConnectionGuardTests {
  /// What happens to the connection at which second.
  enum Event {
    case handshake
    case bytes(Int)
    case quiesce
  }

  struct Case: CustomTestStringConvertible {
    var testDescription: String
    var usesTLS = true
    var age: Int?
    var events: [Int: Event] = [:]
    /// The second at which it is asked to go, and cut off.
    var asked: Int?
    /// The seconds at which the peer is asked whether it is there.
    var pings: [Int] = []
    var cut: (Int, ConnectionDeadlines.Cut)?
  }

  /// 10 s for the handshake, 60 + 20 + 10 s of silence, 20 + 10 s to go.
  static let cases = [
    Case(testDescription: "says nothing", cut: (10, .handshake)),
    Case(testDescription: "agrees on TLS, then says nothing", events: [9: .handshake], cut: (19, .preface)),
    Case(
      testDescription: "begins HTTP/2 by half",
      events: [1: .handshake, 9: .bytes(20), 10: .bytes(12)],
      cut: (11, .preface)
    ),
    Case(testDescription: "says nothing without TLS", usesTLS: false, cut: (10, .preface)),
    Case(
      testDescription: "begins in pieces, then is silent",
      events: [1: .handshake, 2: .bytes(20), 3: .bytes(13)],
      pings: [63],
      cut: (93, .silence)
    ),
    Case(
      testDescription: "speaks now and then",
      usesTLS: false,
      events: [1: .bytes(33), 80: .bytes(17), 169: .bytes(1)],
      pings: [61, 140, 229],
      cut: (259, .silence)
    ),
    Case(
      testDescription: "is told to go and stays, though it speaks",
      usesTLS: false,
      age: 50,
      events: [1: .bytes(33), 40: .bytes(1), 60: .bytes(1), 79: .bytes(1)],
      asked: 50,
      cut: (62, .overstay)
    ),
    Case(
      testDescription: "is told by the whole server's end, before its age",
      usesTLS: false,
      age: 50,
      events: [1: .bytes(33), 7: .quiesce, 20: .bytes(1)],
      asked: 7,
      cut: (19, .overstay)
    ),
    Case(testDescription: "is old before it has begun", age: 5, asked: 5, cut: (10, .handshake)),
  ]

  @Test(arguments: cases) func `deadlines`(_ connection: Case) throws {
    let cut = NIOLockedValueBox<[ConnectionDeadlines.Cut]>([])
    let asked = NIOLockedValueBox(0)
    let isSilent = NIOLockedValueBox(false)
    let channel = EmbeddedChannel()
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    let deadlines = ConnectionDeadlines(
      limits: CallLimits(),
      usesTLS: connection.usesTLS,
      age: connection.age.map { .seconds($0) },
      now: channel.embeddedEventLoop.now
    )
    let handler = ConnectionGuard(deadlines) { reason in cut.withLockedValue { $0.append(reason) } }
    try channel.pipeline.syncOperations.addHandler(handler)
    let witness = EventWitness { event in
      if event is ChannelShouldQuiesceEvent { asked.withLockedValue { $0 += 1 } }
      if event is PeerIsSilent { isSilent.withLockedValue { $0 = true } }
    }
    try channel.pipeline.syncOperations.addHandler(witness)
    var pings: [Int] = []
    var (askedAt, cutAt): (Int?, Int?)
    for second in 0...300 where channel.isActive {
      switch connection.events[second] {
      case .handshake:
        channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: "h2"))
      case .bytes(let count):
        try channel.writeInbound(ByteBuffer(repeating: 0, count: count))
        #expect(try channel.readInbound(as: ByteBuffer.self)?.readableBytes == count)
      case .quiesce: channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
      case nil: break
      }
      if askedAt == nil, asked.withLockedValue({ $0 }) > 0 { askedAt = second }
      channel.embeddedEventLoop.advanceTime(by: .seconds(1))
      if cutAt == nil, !channel.isActive { cutAt = second + 1 }
      if askedAt == nil, asked.withLockedValue({ $0 }) > 0 { askedAt = second + 1 }
      let hasAsked = isSilent.withLockedValue { isSilent in
        defer { isSilent = false }
        return isSilent
      }
      if hasAsked { pings.append(second + 1) }
    }
    #expect(pings == connection.pings)
    #expect(askedAt == connection.asked)
    #expect(cutAt == connection.cut?.0)
    #expect(cut.withLockedValue { $0 } == [connection.cut?.1])
    #expect(asked.withLockedValue { $0 } <= 1)
  }

  @Test func `a connection that takes its time to close is cut off once`() throws {
    let cut = NIOLockedValueBox(0)
    let channel = EmbeddedChannel(handler: ClosingSlowly())
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    let deadlines = ConnectionDeadlines(
      limits: CallLimits(),
      usesTLS: true,
      age: nil,
      now: channel.embeddedEventLoop.now
    )
    let handler = ConnectionGuard(deadlines) { _ in cut.withLockedValue { $0 += 1 } }
    try channel.pipeline.syncOperations.addHandler(handler)
    channel.embeddedEventLoop.advanceTime(by: .seconds(10))
    #expect(cut.withLockedValue { $0 } == 1)
    channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    channel.embeddedEventLoop.advanceTime(by: .seconds(1000))
    #expect(cut.withLockedValue { $0 } == 1)
  }

  @Test func `nothing waits for a connection that is gone`() throws {
    let channel = EmbeddedChannel()
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    let deadlines = ConnectionDeadlines(
      limits: CallLimits(),
      usesTLS: true,
      age: .seconds(5),
      now: channel.embeddedEventLoop.now
    )
    let handler = ConnectionGuard(deadlines) { _ in Issue.record("it was closed before") }
    try channel.pipeline.syncOperations.addHandler(handler)
    try channel.close().wait()
    channel.embeddedEventLoop.advanceTime(by: .seconds(1000))
  }
}

/// As TLS does that waits for the peer's end.
private final class ClosingSlowly: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {}
}

private final class EventWitness: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let seen: (Any) -> Void

  init(_ seen: @escaping (Any) -> Void) { self.seen = seen }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    seen(event)
    context.fireUserInboundEventTriggered(event)
  }
}
