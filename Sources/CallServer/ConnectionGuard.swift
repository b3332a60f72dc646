import NIOCore
import NIOTLS

/// For HTTP/2's side of a connection: see whether the peer is there.
struct PeerIsSilent: Sendable {}

/// Holds a connection to its deadlines. Lies between TLS and HTTP/2, where all that a peer says comes by.
final class ConnectionGuard: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private var deadlines: ConnectionDeadlines
  private var timer: Scheduled<Void>?
  /// TLS may take a while to close, and there is nothing more to be done meanwhile.
  private var isCut = false
  private let cut: @Sendable (ConnectionDeadlines.Cut) -> Void

  /// - Parameter cut: is told before the connection is cut off.
  init(_ deadlines: ConnectionDeadlines, cut: @escaping @Sendable (ConnectionDeadlines.Cut) -> Void) {
    self.deadlines = deadlines
    self.cut = cut
  }

  func handlerAdded(context: ChannelHandlerContext) { look(context) }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    deadlines.received(Self.unwrapInboundIn(data).readableBytes, now: context.eventLoop.now)
    context.fireChannelRead(data)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted: deadlines.handshakeCompleted(now: context.eventLoop.now)
    case is ChannelShouldQuiesceEvent:
      // Of ours or of the whole server's end: its deadline may be before the one that is waited for.
      deadlines.askedToGo(now: context.eventLoop.now)
      timer?.cancel()
      look(context)
    default: break
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func look(_ context: ChannelHandlerContext) {
    guard !isCut else { return }
    let eventLoop = context.eventLoop.assumeIsolated()
    switch deadlines.step(now: context.eventLoop.now) {
    case .wait(let deadline):
      timer = eventLoop.scheduleTask(deadline: deadline) { self.look(context) }
    case .ask:
      deadlines.asked()
      context.fireUserInboundEventTriggered(PeerIsSilent())
      look(context)
    case .askToGo:
      // GOAWAY comes of it.
      context.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    case .cut(let reason):
      isCut = true
      cut(reason)
      context.close(promise: nil)
    }
  }
}

/// Closes a connection as soon as there is one, before anything is read or sent. An initializer that fails instead would
/// leave the connection open and half made.
final class ConnectionRefusal: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func channelActive(context: ChannelHandlerContext) { context.close(promise: nil) }
}
