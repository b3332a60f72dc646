import NIOCore

/// Looks at the first bytes of a connection: whoever speaks plain HTTP to the TLS port is told so instead of getting an
/// alert that no HTTP client can show.
final class PlainHTTPHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let methods: Set<String> = ["GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC", "CONN", "TRAC"]

  private let metrics: WebhookMetrics
  private var isRefused = false

  init(metrics: WebhookMetrics) {
    self.metrics = metrics
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isRefused else { return }
    let buffer = unwrapInboundIn(data)
    if let start = buffer.getString(at: buffer.readerIndex, length: min(4, buffer.readableBytes)),
      Self.methods.contains(start)
    {
      return refuse(context)
    }
    // A ClientHello starts with other bytes; what is split within its first four is left to TLS.
    context.fireChannelRead(data)
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }

  private func refuse(_ context: ChannelHandlerContext) {
    isRefused = true
    metrics.failed(.badRequest)
    let problem = HTTPProblem(
      .badRequest,
      error: "plain HTTP was sent to a port that speaks TLS",
      hint: "use https://"
    )
    let body = problem.body
    var answer = ByteBuffer()
    answer.writeString("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n")
    answer.writeString("Content-Length: \(body.count)\r\n\r\n")
    answer.writeBytes(body)
    context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    context.close(mode: .output, promise: nil)
  }
}
