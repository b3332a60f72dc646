import NIOCore
import NIOSSL

/// Closes an HTTP/2 connection on which no stream is open for too long, whatever the other side answers or leaves out.
///
/// Hummingbird asks an idle connection's client to leave (GOAWAY, then PING) and waits for its answer without end; a
/// client that never sends a whole preface or HEADERS frame isn't noticed at all. Open streams have bounds of their own,
/// see ``ConnectionGuard``.
final class HTTP2IdleHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// The client's preface and the header of the SETTINGS frame after it (RFC 9113, 3.4 and 4.1).
  private static let openingBytes = 24 + 9

  private let opening: TimeAmount
  private let idle: TimeAmount
  private let began = NIODeadline.now()
  private var idleSince = NIODeadline.now()
  private var missingOpeningBytes = HTTP2IdleHandler.openingBytes
  private var openStreams = 0
  private var timer: Scheduled<Void>?

  init(_ timeouts: WebhookConfiguration.Timeouts) {
    opening = TimeAmount(timeouts.request)
    // The polite way comes first.
    idle = TimeAmount(timeouts.idle) + TimeAmount(timeouts.linger)
  }

  func streamOpened() {
    openStreams += 1
  }

  func streamClosed() {
    openStreams = max(0, openStreams - 1)
    idleSince = .now()
  }

  func handlerAdded(context: ChannelHandlerContext) {
    schedule(context, at: min(began + opening, began + idle))
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if missingOpeningBytes > 0 {
      missingOpeningBytes = max(0, missingOpeningBytes - unwrapInboundIn(data).readableBytes)
    }
    context.fireChannelRead(data)
  }

  private func check(_ context: ChannelHandlerContext) {
    let now = NIODeadline.now()
    guard openStreams == 0 else { return schedule(context, at: now + idle) }
    let deadline = missingOpeningBytes > 0 ? min(began + opening, idleSince + idle) : idleSince + idle
    guard now >= deadline else { return schedule(context, at: deadline) }
    // Past the TLS handler, which would wait for the other side's goodbye.
    if let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self) {
      tls.close(mode: .all, promise: nil)
    } else {
      context.close(mode: .all, promise: nil)
    }
  }

  private func schedule(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(deadline: deadline) {
      let (handler, context) = loopBound.value
      handler.check(context)
    }
  }
}
