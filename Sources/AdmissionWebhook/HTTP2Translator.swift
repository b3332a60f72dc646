import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Between the codec of an HTTP/2 stream and our own messages.
final class HTTP2Translator: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = RequestPart
  typealias OutboundIn = ResponsePart
  typealias OutboundOut = HTTPResponsePart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let message):
      let head = RequestHead(method: message.method.rawValue, path: message.path ?? "")
      for field in message.headerFields { head.add(name: field.name.canonicalName, value: field.value) }
      context.fireChannelRead(wrapInboundOut(.head(head)))
    case .body(let bytes):
      context.fireChannelRead(wrapInboundOut(.body(bytes)))
    case .end:
      context.fireChannelRead(wrapInboundOut(.end))
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .goOn:
      context.write(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: promise)
    case .response(let response):
      var head = HTTPResponse(status: HTTPResponse.Status(code: response.status.code))
      for (name, value) in response.fields {
        guard let name = HTTPField.Name(name) else { continue }
        head.headerFields[name] = value
      }
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      if !response.omitsContent {
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: response.body))), promise: nil)
      }
      context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }
  }
}
