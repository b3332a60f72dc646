import NIOCore
import NIOHTTP1

/// Between the codec of HTTP/1.1 and our own messages.
final class HTTP1Translator: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = RequestPart
  typealias OutboundIn = ResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let message):
      var head = RequestHead(method: message.method.rawValue, path: message.uri)
      for (name, value) in message.headers where message.version != .http1_0 || !Self.isExpect(name) {
        head.add(name: name, value: value)
      }
      if (message.version == .http1_0 && !message.isKeepAlive) || Self.switchesProtocol(message) {
        head.add(name: "connection", value: "close")
      }
      context.fireChannelRead(wrapInboundOut(.head(head)))
    case .body(let bytes):
      context.fireChannelRead(wrapInboundOut(.body(bytes)))
    case .end:
      context.fireChannelRead(wrapInboundOut(.end))
    }
  }

  /// Nobody has told old clients about interim responses (RFC 9110, 10.1.1).
  private static func isExpect(_ name: String) -> Bool {
    name.utf8.count == 6 && name.lowercased() == "expect"
  }

  /// Behind such a request the codec reads no other, and keeps whatever comes.
  private static func switchesProtocol(_ message: HTTPRequestHead) -> Bool {
    message.method == .CONNECT || message.headers.contains(name: "upgrade")
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .goOn:
      let head = HTTPResponseHead(version: .http1_1, status: .continue)
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .response(let response):
      var headers = HTTPHeaders(response.fields)
      if response.closes { headers.add(name: "connection", value: "close") }
      let status = HTTPResponseStatus(statusCode: response.status.code)
      let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      if !response.omitsContent {
        context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
      }
      context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }
  }
}
