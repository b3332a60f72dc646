import GRPCCore
import NIOCore
import NIOHPACK
import NIOHTTP2

/// gRPC over one HTTP/2 connection: frames in and out, calls between them. NIO's handlers before this one keep the rules of
/// HTTP/2, its limits and its flow control, and look whether the peer is there.
final class CallConnection: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias InboundOut = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  /// How long a client may take to end a call that has ended here.
  private static let patience = TimeAmount.seconds(1)

  private let methods: [String: any CallMethod]
  private let peer: ConnectionPeer
  private let messageLimit: Int
  private let executor: LoopExecutor
  private var calls: [HTTP2StreamID: ServerCall] = [:]
  /// Calls that have ended here while their clients may go on; whether the end went out.
  private var lingering: [HTTP2StreamID: Bool] = [:]
  private var windows: InboundWindows
  private var context: ChannelHandlerContext?
  /// What is written meanwhile goes out at its end, in one go.
  private var isGathering = false
  private var mustFlush = false

  /// - Parameter methods: by path, `/SERVICE/METHOD`.
  init(methods: [String: any CallMethod], peer: ConnectionPeer, limits: IdentityLimits, executor: LoopExecutor) {
    self.methods = methods
    self.peer = peer
    self.executor = executor
    messageLimit = limits.maximumMessageBytes
    windows = InboundWindows(calls: limits.maximumStreamsPerConnection)
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    closeAll()
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    closeAll()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // One call's; HTTP/2's handler has reset it.
    if error is NIOHTTP2Errors.StreamError { return }
    closeAll()
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case let event as StreamClosedEvent: closed(event.streamID)
    case is PeerIsSilent: write(.ping(HTTP2PingData(withInteger: 0), ack: false), on: .rootStream)
    default: break
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = Self.unwrapInboundIn(data)
    // Not longer: HTTP/2's handler flushes before this one hears that all is read, and expects that nothing waits then.
    gather {
      switch frame.payload {
      case .headers(let headers): received(headers, on: frame.streamID, context)
      case .data(let data): received(data, on: frame.streamID)
      case .rstStream: closed(frame.streamID)
      default: context.fireChannelRead(data)
      }
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if let growth = windows.growth() { write(.windowUpdate(windowSizeIncrement: growth), on: .rootStream) }
    context.fireChannelReadComplete()
  }

  // MARK: What comes

  private func received(
    _ frame: HTTP2Frame.FramePayload.Headers,
    on id: HTTP2StreamID,
    _ context: ChannelHandlerContext
  ) {
    if let call = calls[id] {
      // Trailers: clients of gRPC have none, but may.
      if frame.endStream { call.clientEnded() }
      return
    }
    // The same for a call that has ended here.
    guard lingering.removeValue(forKey: id) == nil else { return }
    let call = ServerCall(id, on: self, eventLoop: context.eventLoop, executor: executor, limit: messageLimit)
    calls[id] = call
    if frame.endStream { call.clientEnded() }
    let head: CallHead
    do throws(CallHead.Refusal) {
      head = try CallHead(frame.headers)
    } catch {
      return refuse(call, id, error)
    }
    guard let method = methods[head.path] else {
      return call.finish(RPCError(code: .unimplemented, message: "there is no such method here"))
    }
    if let timeout = head.timeout { call.expect(endWithin: timeout) }
    method.open(
      call,
      CallerEvidence(
        authorization: head.authorization,
        certificateChain: peer.certificateChain,
        method: String(head.path.dropFirst()),
        peer: peer.address
      )
    )
  }

  private func refuse(_ call: ServerCall, _ id: HTTP2StreamID, _ refusal: CallHead.Refusal) {
    switch refusal {
    case .notGRPC: call.refuse(.unsupportedMediaType)
    case .malformedTimeout:
      call.finish(RPCError(code: .invalidArgument, message: "grpc-timeout is no number and unit, such as 10S"))
    }
  }

  private func received(_ frame: HTTP2Frame.FramePayload.Data, on id: HTTP2StreamID) {
    guard case .byteBuffer(let bytes) = frame.data else { return }
    let call = calls[id]
    let padding = frame.paddingBytes.map { $0 + 1 } ?? 0
    windows.received(bytes.readableBytes + padding, kept: call == nil ? 0 : bytes.readableBytes)
    guard let call else {
      if frame.endStream { lingering[id] = nil } else if lingering[id] == true { reset(id) }
      return
    }
    if padding > 0, !frame.endStream { grow(id, by: padding) }
    call.received(bytes)
    if frame.endStream { call.clientEnded() }
  }

  private func closed(_ id: HTTP2StreamID) {
    windows.closed(id)
    lingering[id] = nil
    calls.removeValue(forKey: id)?.close()
  }

  private func closeAll() {
    let open = calls.values
    (calls, lingering) = ([:], [:])
    for call in open { call.close() }
  }

  // MARK: The calls' side

  func buffer(capacity: Int) -> ByteBuffer {
    context?.channel.allocator.buffer(capacity: capacity) ?? ByteBuffer()
  }

  func took(_ count: Int, of id: HTTP2StreamID, mayGrow: Bool) {
    windows.released(count)
    if mayGrow { grow(id, by: count) }
  }

  private func grow(_ id: HTTP2StreamID, by count: Int) {
    guard let growth = windows.took(count, of: id) else { return }
    write(.windowUpdate(windowSizeIncrement: growth), on: id)
  }

  func dropped(_ count: Int) { windows.released(count) }

  func write(_ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID) {
    guard let context else { return }
    context.write(Self.wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
    flushSoon()
  }

  /// - Parameter then: called when it went out, or never will.
  func write(data: ByteBuffer, on id: HTTP2StreamID, then: @escaping () -> Void) {
    guard let context else { return }
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { _ in then() }
    let payload = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(data)))
    context.write(Self.wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: promise)
    flushSoon()
  }

  /// The last of a call.
  func finish(_ id: HTTP2StreamID, _ headers: HPACKHeaders, isClientDone: Bool) {
    windows.closed(id)
    calls[id] = nil
    let end = HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: true))
    guard !isClientDone, let context else { return write(end, on: id) }
    // Most clients have said all by now, and are not reset: they count that against us. What waits for a slow reader would
    // be lost by it, so first that has to go out.
    lingering[id] = false
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenSuccess { self.linger(id) }
    context.write(Self.wrapOutboundOut(HTTP2Frame(streamID: id, payload: end)), promise: promise)
    flushSoon()
  }

  /// A client that goes on after the end, or waits to go on, is told that nobody listens (RFC 9113, section 8.1).
  private func linger(_ id: HTTP2StreamID) {
    guard let context, lingering[id] != nil else { return }
    lingering[id] = true
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
      if self.lingering[id] == true { self.reset(id) }
    }
  }

  private func reset(_ id: HTTP2StreamID) {
    lingering[id] = nil
    write(.rstStream(.noError), on: id)
  }

  /// What the body writes goes out in one go.
  func gather(_ body: () -> Void) {
    guard !isGathering else { return body() }
    isGathering = true
    body()
    isGathering = false
    if mustFlush { flush() }
  }

  private func flushSoon() {
    if isGathering { mustFlush = true } else { flush() }
  }

  private func flush() {
    mustFlush = false
    context?.flush()
  }
}
