import NIOCore

/// Passes on what was read in a buffer of just its size. Lies before HTTP/2, whose decoder keeps what it was given with
/// all of its capacity: TLS reads into 32 KB, and an idle connection would hold two more of those.
final class CompactReads: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = Self.unwrapInboundIn(data)
    context.fireChannelRead(Self.wrapInboundOut(context.channel.allocator.buffer(bytes: bytes.readableBytesView)))
  }
}
