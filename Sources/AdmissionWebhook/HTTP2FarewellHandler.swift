import NIOCore

/// Asks an HTTP/2 client to go elsewhere, while everything that it had sent by then is still served.
///
/// Once NIO has sent a GOAWAY of its own it takes a connection without open streams for ended, and breaks it off with
/// PROTOCOL_ERROR when another stream comes that was on its way: the API server refuses the Pod whose review that was. So
/// the client is asked here, behind NIO's back, and only told to NIO and Hummingbird when it has had time to read it.
final class HTTP2FarewellHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// A frame of 8 bytes, type GOAWAY, on stream 0: any stream may still have been begun, there is no error (RFC 9113, 6.8).
  static let goAway: [UInt8] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]

  private let server: ServerState
  private let grace: TimeAmount
  private var asked: NIODeadline?
  private var timer: Scheduled<Void>?

  init(server: ServerState, grace: Duration) {
    self.server = server
    self.grace = TimeAmount(grace)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let event = event as? ChannelShouldQuiesceEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    let began = asked ?? .now()
    if asked == nil {
      asked = began
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Self.goAway)), promise: nil)
    }
    guard server.phase == .closing, timer == nil else { return }
    let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(deadline: began + grace) {
      loopBound.value.fireUserInboundEventTriggered(event)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
  }
}
