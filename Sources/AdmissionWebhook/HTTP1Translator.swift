import NIOCore
import NIOHTTP1

/// Between the codec of HTTP/1.1 and our own messages.
final class HTTP1Translator: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = RequestPart
  typealias OutboundIn = ResponsePart
  typealias OutboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let message):
      context.fireChannelRead(wrapInboundOut(.head(Self.head(of: message))))
    case .body(let bytes):
      context.fireChannelRead(wrapInboundOut(.body(bytes)))
    case .end:
      context.fireChannelRead(wrapInboundOut(.end))
    }
  }

  private static func head(of message: HTTPRequestHead) -> RequestHead {
    let head = RequestHead(method: message.method.rawValue, path: message.uri)
    let isOld = message.version == .http1_0
    var switchesProtocol = message.method == .CONNECT
    for (name, value) in message.headers where !isOld || !isExpect(name) {
      head.add(name: name, value: value)
      if name.utf8.count == 7, name.lowercased() == "upgrade" { switchesProtocol = true }
    }
    // Behind a request for another protocol the codec reads no other, and keeps whatever comes.
    if (isOld && !message.isKeepAlive) || switchesProtocol { head.add(name: "connection", value: "close") }
    return head
  }

  /// Nobody has told old clients about interim responses (RFC 9110, 10.1.1).
  private static func isExpect(_ name: String) -> Bool {
    name.utf8.count == 6 && name.lowercased() == "expect"
  }

  /// Head and content leave in one piece, which is one TLS record and not two.
  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let bytes: ByteBuffer
    switch unwrapOutboundIn(data) {
    case .goOn: bytes = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
    case .response(let response): bytes = Self.bytes(of: response, allocator: context.channel.allocator)
    }
    context.write(wrapOutboundOut(bytes), promise: promise)
  }

  /// RFC 9112, 4 and 5. Nothing in it comes from a client.
  private static func bytes(of response: Response, allocator: ByteBufferAllocator) -> ByteBuffer {
    let content = response.omitsContent ? ArraySlice() : response.body[...]
    var bytes = allocator.buffer(capacity: content.count + 256)
    let status = HTTPResponseStatus(statusCode: response.status.code)
    bytes.writeStaticString("HTTP/1.1 ")
    bytes.writeString(String(status.code))
    bytes.writeStaticString(" ")
    bytes.writeString(status.reasonPhrase)
    bytes.writeStaticString("\r\n")
    for (name, value) in response.fields {
      bytes.writeString(name)
      bytes.writeStaticString(": ")
      bytes.writeString(value)
      bytes.writeStaticString("\r\n")
    }
    if response.closes { bytes.writeStaticString("connection: close\r\n") }
    bytes.writeStaticString("\r\n")
    bytes.writeBytes(content)
    return bytes
  }
}
