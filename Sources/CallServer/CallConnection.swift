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

  /// A call that has ended here, while its end has not gone out or its client may go on.
  private struct Ending {
    /// Whether the end went out.
    var isOut = false
    let isClientDone: Bool
    let since: NIODeadline
    /// Counts the call as long as it holds memory.
    let place: AnyObject?
  }

  /// How long a client may take to end a call that has ended here.
  private static let patience = TimeAmount.seconds(1)

  private let methods: [String: any CallMethod]
  private let peer: ConnectionPeer
  private let messageLimit: Int
  private let executor: LoopExecutor
  private var calls: [HTTP2StreamID: ServerCall] = [:]
  private var endings: [HTTP2StreamID: Ending] = [:]
  private var isSweepDue = false
  /// Streams that HTTP/2 has open; it tells the end of others too, which is nobody's to hear.
  private var streams: Set<HTTP2StreamID> = []
  private let slowness: TimeAmount
  private var windows: InboundWindows
  private var context: ChannelHandlerContext?
  /// What is written meanwhile goes out at its end, in one go.
  private var isGathering = false
  private var mustFlush = false

  /// - Parameter methods: by path, `/SERVICE/METHOD`.
  init(methods: [String: any CallMethod], peer: ConnectionPeer, limits: CallLimits, executor: LoopExecutor) {
    self.methods = methods
    self.peer = peer
    self.executor = executor
    messageLimit = limits.maximumMessageBytes
    slowness = TimeAmount(limits.connectionGrace)
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
    case let event as NIOHTTP2StreamCreatedEvent: streams.insert(event.streamID)
    case let event as StreamClosedEvent:
      closed(event.streamID)
      guard streams.remove(event.streamID) != nil else { return }
    case let event as NIOHTTP2WindowUpdatedEvent where event.streamID == .rootStream:
      if let size = event.inboundWindowSize { windows.connectionWindow(is: size) }
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
    growConnection()
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
    guard endings[id] == nil else { return clientEnded(id) }
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
    guard let call = calls[id] else {
      if frame.endStream { clientEnded(id) } else if endings[id]?.isOut == true { reset(id, .noError) }
      return
    }
    windows.kept(bytes.readableBytes)
    if let padding = frame.paddingBytes, !frame.endStream { grow(id, by: padding + 1) }
    call.received(bytes, isLast: frame.endStream)
  }

  private func closed(_ id: HTTP2StreamID) {
    windows.closed(id)
    endings[id] = nil
    calls.removeValue(forKey: id)?.close()
  }

  private func closeAll() {
    let open = calls.values
    (calls, endings) = ([:], [:])
    for call in open { call.close() }
  }

  // MARK: The calls' side

  func buffer(capacity: Int) -> ByteBuffer {
    context?.channel.allocator.buffer(capacity: capacity) ?? ByteBuffer()
  }

  func took(_ count: Int, of id: HTTP2StreamID, mayGrow: Bool) {
    windows.released(count)
    if mayGrow { grow(id, by: count) }
    growConnection()
  }

  private func grow(_ id: HTTP2StreamID, by count: Int) {
    guard let growth = windows.took(count, of: id) else { return }
    write(.windowUpdate(windowSizeIncrement: growth), on: id)
  }

  func dropped(_ count: Int) {
    windows.released(count)
    growConnection()
  }

  private func growConnection() {
    guard let growth = windows.growth() else { return }
    write(.windowUpdate(windowSizeIncrement: growth), on: .rootStream)
  }

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

  /// The last of a call. What was sent before may wait for a slow reader: so long the call counts as one.
  func finish(_ id: HTTP2StreamID, _ headers: HPACKHeaders, isClientDone: Bool, place: AnyObject?) {
    guard let context else { return }
    windows.closed(id)
    calls[id] = nil
    endings[id] = Ending(isClientDone: isClientDone, since: context.eventLoop.now, place: place)
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenSuccess { self.endIsOut(id) }
    let end = HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: true))
    context.write(Self.wrapOutboundOut(HTTP2Frame(streamID: id, payload: end)), promise: promise)
    flushSoon()
    sweepLater(context)
  }

  private func endIsOut(_ id: HTTP2StreamID) {
    guard let ending = endings[id] else { return }
    if ending.isClientDone { endings[id] = nil } else { endings[id]?.isOut = true }
  }

  private func clientEnded(_ id: HTTP2StreamID) {
    guard let ending = endings[id] else { return }
    endings[id] =
      ending.isOut ? nil : Ending(isClientDone: true, since: ending.since, place: ending.place)
  }

  private func sweepLater(_ context: ChannelHandlerContext) {
    guard !isSweepDue, !endings.isEmpty else { return }
    isSweepDue = true
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { self.sweep() }
  }

  /// A client that waits to go on after the end is told that nobody listens (RFC 9113, section 8.1): not at once, since
  /// most have said all, and count resets against us. One that never reads the end loses it.
  private func sweep() {
    isSweepDue = false
    guard let context else { return }
    let now = context.eventLoop.now
    for (id, ending) in endings {
      if ending.isOut {
        if now - ending.since >= Self.patience { reset(id, .noError) }
      } else if now - ending.since >= slowness {
        reset(id, .cancel)
      }
    }
    sweepLater(context)
  }

  private func reset(_ id: HTTP2StreamID, _ code: HTTP2ErrorCode) {
    endings[id] = nil
    write(.rstStream(code), on: id)
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
