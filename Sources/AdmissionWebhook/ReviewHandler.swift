import NIOCore
import NIOHTTP1

/// Answers the requests of one HTTP/1.1 connection or HTTP/2 stream, one after the other, on its event loop.
///
/// Nearly every review takes less time than to hand it to another thread and back. What may take longer leaves the loop:
/// large bodies, and namespaces that have to be looked up. What comes meanwhile waits, and no more is read.
final class ReviewHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = RequestPart
  typealias OutboundIn = ResponsePart
  typealias OutboundOut = ResponsePart

  /// Bytes of a body up to which a review is answered on the event loop: a fraction of a millisecond.
  private static let maximumBytesOnLoop = 64 << 10

  private enum State {
    case idle
    /// A review's body is being received.
    case receiving(WebhookRoute)
    /// The request has no body and gets its refusal at its end.
    case refusing(HTTPProblem, omitsContent: Bool)
    /// The request has its answer already; what is left of it is of no interest.
    case skipping
    /// The answer is being made elsewhere.
    case answering
  }

  private enum Event {
    case part(RequestPart)
    /// The codec can't read on.
    case malformed
    /// The client sends nothing more.
    case inputClosed
  }

  private let service: ReviewService
  private let budget: BodyBudget
  private let maximumBodyBytes: Int
  private var state = State.idle
  private var collector: BodyCollector?
  /// What came while an answer was being made elsewhere.
  private var waiting = CircularBuffer<Event>()
  private var holdsRead = false
  private var answering: Task<Void, Never>?

  init(service: ReviewService, budget: BodyBudget, maximumBodyBytes: Int) {
    self.service = service
    self.budget = budget
    self.maximumBodyBytes = maximumBodyBytes
  }

  // MARK: The channel

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    handle(.part(unwrapInboundIn(data)), context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { handle(.inputClosed, context) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case is HTTPParserError: handle(.malformed, context)
    case is AnsweredAlready:
      skip()
      state = .skipping
    default: context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    skip()
    waiting.removeAll()
    answering?.cancel()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    skip()
  }

  /// A client that doesn't take its answers, or sends requests ahead while one is answered, waits.
  func read(context: ChannelHandlerContext) {
    if waiting.isEmpty && context.channel.isWritable {
      context.read()
    } else {
      holdsRead = true
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    readOn(context)
    context.fireChannelWritabilityChanged()
  }

  private func readOn(_ context: ChannelHandlerContext) {
    guard holdsRead else { return }
    holdsRead = false
    read(context: context)
  }

  // MARK: Requests

  private func handle(_ event: Event, _ context: ChannelHandlerContext) {
    switch (state, event) {
    case (.answering, _): waiting.append(event)
    case (.idle, .part(.head(let head))): begin(head, context)
    case (.receiving, .part(.body(let bytes))): receive(bytes, context)
    case (.receiving(let route), .part(.end)): answer(route, context)
    case (.refusing(let problem, let omitsContent), .part(.end)):
      state = .idle
      refuse(problem, closing: false, omitsContent: omitsContent, context)
    case (.skipping, .part(.end)): state = .idle
    case (_, .part), (.skipping, .malformed): break
    case (_, .malformed):
      skip()
      refuse(.malformed, closing: true, context)
    case (_, .inputClosed): context.close(mode: .output, promise: nil)
    }
  }

  private func begin(_ head: RequestHead, _ context: ChannelHandlerContext) {
    do throws(HTTPProblem) {
      let route = try head.route(maximumBodyBytes: maximumBodyBytes)
      collector = BodyCollector(length: try head.contentLength, limit: maximumBodyBytes, budget: budget)
      state = .receiving(route)
    } catch {
      let omitsContent = head.wantsNoContent
      guard !head.hasNoBody else { return state = .refusing(error, omitsContent: omitsContent) }
      state = .skipping
      return refuse(error, closing: true, omitsContent: omitsContent, context)
    }
    if head.expectsContinue {
      context.writeAndFlush(wrapOutboundOut(.goOn), promise: nil)
    }
  }

  private func receive(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    do throws(HTTPProblem) {
      try collector?.append(bytes)
    } catch {
      skip()
      refuse(error, closing: true, context)
    }
  }

  /// Forgets the request that is being received, if there is one.
  private func skip() {
    collector?.release()
    collector = nil
    switch state {
    case .receiving, .refusing: state = .skipping
    case .idle, .skipping, .answering: break
    }
  }

  private func answer(_ route: WebhookRoute, _ context: ChannelHandlerContext) {
    guard var body = collector.take() else { return state = .idle }
    state = .idle
    do throws(HTTPProblem) {
      let bytes = try body.finish()
      if bytes.count <= Self.maximumBytesOnLoop, let answer = try service.answerAtOnce(bytes, route) {
        body.release()
        write(answer, context)
      } else {
        answerElsewhere(bytes, of: body, route, context)
      }
    } catch {
      body.release()
      refuse(error, closing: false, context)
    }
  }

  private func answerElsewhere(
    _ bytes: [UInt8],
    of body: BodyCollector,
    _ route: WebhookRoute,
    _ context: ChannelHandlerContext
  ) {
    state = .answering
    let promise = context.eventLoop.makePromise(of: [UInt8].self)
    answering = promise.completeWithTask { [service] in
      // Released with the memory, even if the connection is gone before.
      var body = body
      defer { body.release() }
      return try await service.answer(bytes, route)
    }
    promise.futureResult.assumeIsolated().whenComplete { result in
      self.answering = nil
      self.state = .idle
      guard context.channel.isActive else { return }
      switch result {
      case .success(let answer): self.write(answer, context)
      case .failure(let problem as HTTPProblem): self.refuse(problem, closing: false, context)
      case .failure: context.close(promise: nil)
      }
      self.goOn(context)
    }
  }

  /// Handles what waited for the end of an answer.
  private func goOn(_ context: ChannelHandlerContext) {
    while let event = waiting.first {
      if case .answering = state { return }
      waiting.removeFirst()
      handle(event, context)
    }
    readOn(context)
  }

  // MARK: Responses

  private func write(_ answer: [UInt8], _ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(.response(Response(answer: answer))), promise: nil)
  }

  private func refuse(
    _ problem: HTTPProblem,
    closing: Bool,
    omitsContent: Bool = false,
    _ context: ChannelHandlerContext
  ) {
    service.refused(because: problem)
    let response = Response(problem, closes: closing, omitsContent: omitsContent)
    context.writeAndFlush(wrapOutboundOut(.response(response)), promise: nil)
  }
}
