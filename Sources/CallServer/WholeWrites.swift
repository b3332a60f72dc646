import NIOCore

/// Passes on all that is written until a flush in one piece. Lies between TLS and HTTP/2, which writes each frame for
/// itself: so an answer is one TLS record instead of four.
final class WholeWrites: ChannelOutboundHandler {
  typealias OutboundIn = IOData
  typealias OutboundOut = ByteBuffer

  private var unsent: ByteBuffer?
  /// Of all that is in `unsent`.
  private var promise: EventLoopPromise<Void>?

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    // HTTP/2 writes no files.
    guard case .byteBuffer(let bytes) = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
    if let promise {
      if let first = self.promise { first.futureResult.cascade(to: promise) } else { self.promise = promise }
    }
    guard var unsent else {
      self.unsent = bytes
      return
    }
    self.unsent = nil
    unsent.writeImmutableBuffer(bytes)
    self.unsent = unsent
  }

  func flush(context: ChannelHandlerContext) {
    if let unsent {
      let promise = promise
      (self.unsent, self.promise) = (nil, nil)
      context.write(wrapOutboundOut(unsent), promise: promise)
    }
    context.flush()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    let promise = promise
    (unsent, self.promise) = (nil, nil)
    promise?.fail(ChannelError.ioOnClosedChannel)
  }
}
