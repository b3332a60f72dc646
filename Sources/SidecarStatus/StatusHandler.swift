import NIOCore
import NIOHTTP1
import Synchronization

/// One connection of a ``StatusServer``. NIO's pipelining handler sees to it that requests come one at a time.
final class StatusHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let count: ConnectionCount
  private let respond: @Sendable (StatusRequest) async -> StatusAnswer
  private var isCounted = false
  private var head: HTTPRequestHead?

  init(count: ConnectionCount, respond: @escaping @Sendable (StatusRequest) async -> StatusAnswer) {
    self.count = count
    self.respond = respond
  }

  func channelActive(context: ChannelHandlerContext) {
    isCounted = count.enter()
    guard isCounted else { return context.close(promise: nil) }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isCounted { count.leave() }
    isCounted = false
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break
    case .end:
      guard let head else { return }
      self.head = nil
      answer(head, context)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent {
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let request = StatusRequest(
      method: head.method.rawValue,
      path: String(head.uri.prefix { $0 != "?" }),
      isLocal: context.channel.remoteAddress?.isLoopback ?? false
    )
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    // What it calls has its own time limits.
    context.eventLoop.makeFutureWithTask { [respond] in await respond(request) }
      .assumeIsolated().whenSuccess { self.write($0, to: head, bound.value) }
  }

  private func write(_ answer: StatusAnswer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    var headers: HTTPHeaders = ["content-type": answer.contentType, "content-length": "\(answer.body.count)"]
    if !request.isKeepAlive { headers.add(name: "connection", value: "close") }
    let head = HTTPResponseHead(
      version: .http1_1,
      status: HTTPResponseStatus(statusCode: answer.status),
      headers: headers
    )
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
    }
    let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
    if let sequel = answer.sequel { written.whenComplete { _ in sequel() } }
    if !request.isKeepAlive { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
  }
}

final class ConnectionCount: Sendable {
  private let limit: Int
  private let count = Mutex(0)

  init(limit: Int) { self.limit = limit }

  func enter() -> Bool {
    count.withLock {
      guard $0 < limit else { return false }
      $0 += 1
      return true
    }
  }

  func leave() { count.withLock { $0 -= 1 } }
}

extension SocketAddress {
  var isLoopback: Bool {
    guard let address = ipAddress else { return false }
    return address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
  }
}
