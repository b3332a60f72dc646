import NIOCore

/// Lets what was written leave before an HTTP/2 connection closes.
///
/// Hummingbird's graceful close of a connection comes as soon as the last frame of its last stream is written, which is
/// before it is flushed: that answer would be lost.
final class CloseAfterFlushHandler: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .all else { return context.close(mode: mode, promise: promise) }
    let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.eventLoop.execute {
      let context = loopBound.value
      // From the pipeline's end, through the HTTP/2 handler, which may hold frames back.
      context.channel.flush()
      context.close(mode: mode, promise: promise)
    }
  }
}
