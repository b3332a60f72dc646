import NIOCore
import NIOHPACK
import NIOHTTP2

/// One HTTP/2 connection and the gRPC calls on it, with neither a channel nor a task for each call: so lean that what is
/// measured is the server. Lives on its event loop, as all of the client's state does.
final class Connection: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  /// Room for what a stream is sent before it is read; a connection's own is fixed by the protocol.
  static let settings: HTTP2Settings = [
    HTTP2Setting(parameter: .initialWindowSize, value: 1 << 20), HTTP2Setting(parameter: .enablePush, value: 0),
  ]

  private let isTLS: Bool
  private var context: ChannelHandlerContext?
  private var calls: [HTTP2StreamID: Call] = [:]
  private var nextID = HTTP2StreamID(1)
  private var unacknowledged = 0
  /// Called once the server's settings are there: TLS, if any, is done then.
  var onReady: () -> Void = {}
  /// Called once, after all calls were told.
  var onClose: () -> Void = {}
  private var isReady = false
  private(set) var isClosed = false
  /// The server said GOAWAY.
  private(set) var isLeaving = false

  init(isTLS: Bool) { self.isTLS = isTLS }

  var openCalls: Int { calls.count }

  func open(_ call: Call, method: String, token: String?) {
    guard let context, !isClosed else { return call.end(.unavailable("the connection is closed")) }
    let id = nextID
    nextID = id.advanced(by: 2)
    calls[id] = call
    call.attach(self, id)
    var headers: HPACKHeaders = [
      ":method": "POST", ":scheme": isTLS ? "https" : "http", ":path": method, ":authority": "localhost",
      "content-type": "application/grpc", "te": "trailers",
    ]
    // As gRPC clients do with credentials: not kept in the table of headers.
    if let token { headers.add(name: "authorization", value: "Bearer \(token)", indexing: .neverIndexed) }
    write(context, id, .headers(.init(headers: headers)))
    context.flush()
  }

  func send(_ bytes: ByteBuffer, on id: HTTP2StreamID, end: Bool) {
    guard let context, calls[id] != nil else { return }
    write(context, id, .data(.init(data: .byteBuffer(bytes), endStream: end)))
    context.flush()
  }

  func reset(_ id: HTTP2StreamID) {
    guard let context, let call = calls.removeValue(forKey: id) else { return }
    write(context, id, .rstStream(.cancel))
    context.flush()
    call.end(.cancelled)
  }

  func close() { context?.close(promise: nil) }

  private func write(_ context: ChannelHandlerContext, _ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload) {
    context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
  }

  // MARK: What comes

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.payload {
    case .settings(.settings):
      guard !isReady else { return }
      isReady = true
      onReady()
    case .headers(let headers): received(headers, frame.streamID)
    case .data(let data): received(data, frame.streamID, context)
    case .rstStream(let code): finish(frame.streamID, .unavailable("reset: \(code)"))
    case .goAway: isLeaving = true
    default: return
    }
  }

  private func received(_ frame: HTTP2Frame.FramePayload.Headers, _ id: HTTP2StreamID) {
    if let status = frame.headers.first(name: "grpc-status") {
      let message = frame.headers.first(name: "grpc-message") ?? ""
      finish(id, CallStatus(code: Int(status) ?? -1, message: message))
    } else if frame.endStream {
      finish(id, .unavailable("the stream ended without a status"))
    }
  }

  private func received(
    _ frame: HTTP2Frame.FramePayload.Data,
    _ id: HTTP2StreamID,
    _ context: ChannelHandlerContext
  ) {
    guard case .byteBuffer(let bytes) = frame.data else { return }
    unacknowledged += bytes.readableBytes
    if unacknowledged > 16 << 10 {
      write(context, .rootStream, .windowUpdate(windowSizeIncrement: unacknowledged))
      unacknowledged = 0
    }
    guard let call = calls[id] else { return }
    if let increment = call.consume(bytes), !frame.endStream {
      write(context, id, .windowUpdate(windowSizeIncrement: increment))
    }
    if frame.endStream { finish(id, .unavailable("the stream ended without a status")) }
    context.flush()
  }

  private func finish(_ id: HTTP2StreamID, _ status: CallStatus) { calls.removeValue(forKey: id)?.end(status) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { closed("\(error)", context) }

  func channelInactive(context: ChannelHandlerContext) { closed("the connection was closed", context) }

  private func closed(_ reason: String, _ context: ChannelHandlerContext) {
    context.close(promise: nil)
    closed(reason)
  }

  /// No more comes, if anything did.
  func closed(_ reason: String) {
    guard !isClosed else { return }
    isClosed = true
    let open = calls.values
    calls = [:]
    for call in open { call.end(.unavailable(reason)) }
    let onClose = onClose
    (onReady, self.onClose) = ({}, {})
    onClose()
  }
}
