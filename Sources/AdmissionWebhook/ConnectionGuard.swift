import NIOCore

/// Stands before the ``ReviewHandler`` on every HTTP/1.1 connection and HTTP/2 stream: bounds how long a request, an
/// answer and silence may take, and ends connections so that no answer is cut and no request lost.
///
/// A server that quiesces closes idle connections at once, even with a request on its way; so that event stops here.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = RequestPart
  typealias InboundOut = RequestPart
  typealias OutboundIn = ResponsePart
  typealias OutboundOut = ResponsePart

  private var lifecycle: ConnectionLifecycle
  private let server: ServerState
  private let configuration: WebhookConfiguration
  private let metrics: WebhookMetrics
  private var idleTimer: Scheduled<Void>?
  private var requestTimer: Scheduled<Void>?
  private var lingerTimer: Scheduled<Void>?
  private var graceTimer: Scheduled<Void>?
  /// On a connection: what tells of bytes before they are parsed.
  private var bytes: ByteArrivalHandler?
  /// On a stream: what counts the open streams of its connection.
  private var connectionIdle: HTTP2IdleHandler?
  /// Completed when lingering is over.
  private var closePromise: EventLoopPromise<Void>?

  init(
    _ kind: ConnectionLifecycle.Kind,
    server: ServerState,
    configuration: WebhookConfiguration,
    metrics: WebhookMetrics
  ) {
    lifecycle = ConnectionLifecycle(kind: kind, now: .now())
    self.server = server
    self.configuration = configuration
    self.metrics = metrics
  }

  // MARK: The channel's life

  func handlerAdded(context: ChannelHandlerContext) {
    if let bytes = try? context.pipeline.syncOperations.handler(type: ByteArrivalHandler.self) {
      bytes.observer = self
      self.bytes = bytes
    }
    if lifecycle.kind == .stream, let connection = context.channel.parent {
      connectionIdle = try? connection.pipeline.syncOperations.handler(type: HTTP2IdleHandler.self)
      connectionIdle?.streamOpened()
    }
    scheduleIdleCheck(context, at: .now() + TimeAmount(configuration.timeouts.idle))
    if server.phase == .closing { scheduleGrace(context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    for timer in [idleTimer, requestTimer, lingerTimer, graceTimer] { timer?.cancel() }
    streamClosed()
    bytes?.observer = nil
    bytes = nil
    closePromise?.succeed()
    closePromise = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    for timer in [idleTimer, requestTimer, lingerTimer, graceTimer] { timer?.cancel() }
    streamClosed()
    context.fireChannelInactive()
  }

  private func streamClosed() {
    connectionIdle?.streamClosed()
    connectionIdle = nil
  }

  // MARK: Requests

  /// - Returns: whether they may still become a request.
  func bytesArrived() -> Bool {
    guard !lifecycle.isLingering, !lifecycle.isInputOver else { return false }
    lifecycle.bytesArrived(now: .now())
    return true
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !lifecycle.isLingering else { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      lifecycle.headRead(clientCloses: head.closesConnection, now: .now())
    case .body:
      lifecycle.bodyRead(now: .now())
    case .end:
      lifecycle.requestRead(now: .now())
      requestTimer?.cancel()
      requestTimer = nil
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Most requests arrive whole and never need a timer.
    if requestTimer == nil, let began = lifecycle.requestBegan, !lifecycle.isLingering {
      scheduleRequestCheck(context, at: began + TimeAmount(configuration.timeouts.request))
    }
    context.fireChannelReadComplete()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent:
      if server.phase == .closing { scheduleGrace(context) }
      return
    case ChannelEvent.inputClosed where lifecycle.isLingering:
      finish(context)
    default:
      break
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: Responses

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !lifecycle.isLingering else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    switch unwrapOutboundIn(data) {
    case .goOn:
      context.write(data, promise: promise)
    case .response(var response):
      response.closes = lifecycle.responseBegins(closes: response.closes, isDraining: server.phase >= .draining)
      context.write(wrapOutboundOut(.response(response)), promise: promise)
      if lifecycle.responseEnded(now: .now()) {
        context.flush()
        linger(context)
      } else if server.phase == .closing {
        scheduleGrace(context)
      }
    }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    switch mode {
    case .all where lifecycle.isLingering:
      if let promise {
        if let closePromise { closePromise.futureResult.cascade(to: promise) } else { closePromise = promise }
      }
    case .output where lifecycle.isLingering:
      promise?.succeed()
    case .output where lifecycle.kind == .connection:
      linger(context, promise: promise)
    default:
      context.close(mode: mode, promise: promise)
    }
  }

  // MARK: Ends

  /// Says that nothing more comes, then reads on and forgets what it reads until the other side is done or time is up:
  /// closing with unread bytes would make the kernel reset the connection, and the answer with it.
  private func linger(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>? = nil) {
    guard !lifecycle.isLingering else { return }
    lifecycle.linger()
    requestTimer?.cancel()
    if lifecycle.kind == .connection {
      context.close(mode: .output, promise: promise)
    } else {
      promise?.succeed()
    }
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    lingerTimer = context.eventLoop.scheduleTask(in: TimeAmount(configuration.timeouts.linger)) {
      let (handler, context) = loopBound.value
      handler.finish(context)
    }
  }

  private func finish(_ context: ChannelHandlerContext) {
    lingerTimer?.cancel()
    let promise = closePromise
    closePromise = nil
    context.close(mode: .all, promise: promise)
  }

  private func requestTimedOut(_ context: ChannelHandlerContext) {
    requestTimer = nil
    guard let began = lifecycle.requestBegan else { return }
    let deadline = began + TimeAmount(configuration.timeouts.request)
    guard NIODeadline.now() >= deadline else { return scheduleRequestCheck(context, at: deadline) }
    switch lifecycle.requestTimedOut() {
    case .nothing:
      break
    case .close:
      metrics.failed(.requestTimeout)
      context.close(mode: .all, promise: nil)
    case .answerAndLinger:
      metrics.failed(.requestTimeout)
      let problem = HTTPProblem.tooSlow(seconds: Int(configuration.timeouts.request.components.seconds))
      context.writeAndFlush(wrapOutboundOut(.response(Response(problem, closes: true))), promise: nil)
      linger(context)
      // Ends the wait for the rest of the body.
      context.fireErrorCaught(AnsweredAlready())
    }
  }

  private func idleTimedOut(_ context: ChannelHandlerContext) {
    switch lifecycle.idleTimedOut(after: TimeAmount(configuration.timeouts.idle), now: .now()) {
    case .checkAgain(let deadline):
      scheduleIdleCheck(context, at: deadline)
    case .close where lifecycle.isIdle && lifecycle.kind == .connection:
      linger(context)
    case .close:
      context.close(mode: .all, promise: nil)
    }
  }

  // MARK: Timers

  private func scheduleRequestCheck(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    requestTimer = context.eventLoop.scheduleTask(deadline: deadline) {
      let (handler, context) = loopBound.value
      handler.requestTimedOut(context)
    }
  }

  private func scheduleIdleCheck(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    idleTimer = context.eventLoop.scheduleTask(deadline: deadline) {
      let (handler, context) = loopBound.value
      handler.idleTimedOut(context)
    }
  }

  /// The server closes: a connection without a request gets some time for one that is on its way.
  private func scheduleGrace(_ context: ChannelHandlerContext) {
    guard graceTimer == nil, lifecycle.kind == .connection else { return }
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    graceTimer = context.eventLoop.scheduleTask(in: TimeAmount(configuration.drain.idleGrace)) {
      let (handler, context) = loopBound.value
      handler.graceTimer = nil
      if handler.lifecycle.isIdle { handler.linger(context) }
    }
  }
}

/// Tells whoever waits for a request's body that its answer was given without them.
struct AnsweredAlready: Error {}
