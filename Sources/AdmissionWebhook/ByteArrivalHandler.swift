import NIOCore

/// Tells the ``ConnectionGuard`` that bytes came in before the HTTP parser makes a head of them, so that headers that
/// drip in are timed from their first byte. What nobody will answer doesn't get to the parser, which would keep it.
final class ByteArrivalHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// Strong, since a weak reference makes each use of the guard dearer; ends with the guard's removal.
  var observer: ConnectionGuard?

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard observer?.bytesArrived() ?? true else { return }
    context.fireChannelRead(data)
  }
}
