import NIOCore
import NIOHTTP1

/// Sends one request and gathers the answer, up to a limit.
final class ResponseCollector: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let request: HTTPRequestHead
  private let limit: Int
  private let promise: EventLoopPromise<LocalHTTP.Response>
  private var response = LocalHTTP.Response(status: 0, body: [], isCut: false)

  init(_ request: HTTPRequestHead, limit: Int, promise: EventLoopPromise<LocalHTTP.Response>) {
    self.request = request
    self.limit = limit
    self.promise = promise
  }

  func channelActive(context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(.head(request)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): response.status = Int(head.status.code)
    case .body(let buffer):
      response.body += buffer.readableBytesView.prefix(limit - response.body.count)
      if response.body.count >= limit {
        response.isCut = true
        promise.succeed(response)
      }
    case .end: promise.succeed(response)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    promise.fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    promise.fail(ProbeFailure("the connection was closed before the answer was complete"))
    context.fireChannelInactive()
  }
}
