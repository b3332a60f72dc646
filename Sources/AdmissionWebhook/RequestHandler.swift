import HTTPTypes
import HummingbirdCore
import Injection
import KubernetesObjects
import Logging
import NIOCore

/// Takes HTTP requests to admission answers: checks the head, collects the body within bounds, asks the
/// ``ReviewResponder``, writes what comes out and tells metrics and log.
struct RequestHandler: Sendable {
  let injector: CurrentInjector
  let namespaces: any NamespaceSource
  let configuration: WebhookConfiguration
  let budget: BodyBudget
  let metrics: WebhookMetrics
  let logger: Logger
  private let largeReviews = LargeReviewTurn()

  /// Bytes of a client's text that a log line takes in.
  private static let maximumLoggedBytes = 256

  init(
    injector: CurrentInjector,
    namespaces: any NamespaceSource,
    configuration: WebhookConfiguration,
    budget: BodyBudget,
    metrics: WebhookMetrics,
    logger: Logger
  ) {
    self.injector = injector
    self.namespaces = namespaces
    self.configuration = configuration
    self.budget = budget
    self.metrics = metrics
    self.logger = logger
  }

  @concurrent
  func respond(to request: Request, with writer: consuming ResponseWriter) async throws {
    var isBodyRead = false
    let head: HTTPResponse
    let body: ByteBuffer
    do {
      let selector = try check(request.head)
      var collector = BodyCollector(
        length: try request.head.contentLength,
        limit: configuration.maximumBodyBytes,
        budget: budget
      )
      defer { collector.release() }
      if request.headers[.expect]?.lowercased() == "100-continue" {
        try await writer.writeInformationalHead(HTTPResponse(status: .continue))
      }
      for try await part in request.body { try collector.append(part) }
      isBodyRead = true
      let answer = try await answerInTurn(collector.finish(), selector: selector)
      (head, body) = (Self.head(length: answer.count), ByteBuffer(bytes: answer))
    } catch let problem as HTTPProblem {
      metrics.failed(problem.code)
      logger.debug(
        "Refused an HTTP request",
        metadata: ["code": "\(problem.code.rawValue)", "error": "\(problem.error)"]
      )
      (head, body) = problem.response(ending: !isBodyRead && !request.head.hasNoBody)
    }
    try await writer.write(response: head, body: ResponseBody(byteBuffer: body))
  }

  private func check(_ head: HTTPRequest) throws(HTTPProblem) -> WebhookSelector {
    try RequestCheck.selector(
      method: head.method.rawValue,
      path: head.path ?? "",
      contentType: head.headerFields[.contentType],
      contentLength: try head.contentLength,
      maximumBodyBytes: configuration.maximumBodyBytes
    )
  }

  private func answerInTurn(
    _ body: consuming [UInt8],
    selector: WebhookSelector
  ) async throws(HTTPProblem) -> [UInt8] {
    guard body.count > LargeReviewTurn.threshold else { return try await answer(body, selector: selector) }
    await largeReviews.enter()
    let result: Result<[UInt8], HTTPProblem>
    do throws(HTTPProblem) {
      result = .success(try await answer(body, selector: selector))
    } catch {
      result = .failure(error)
    }
    await largeReviews.leave()
    return try result.get()
  }

  private func answer(_ body: consuming [UInt8], selector: WebhookSelector) async throws(HTTPProblem) -> [UInt8] {
    let start = ContinuousClock.now
    let review: AdmissionReview
    do throws(AdmissionReviewError) {
      review = try AdmissionReview(parsing: body)
    } catch {
      throw HTTPProblem(error)
    }
    let responder = injector.responder
    let answer: ReviewAnswer
    switch responder.triage(review) {
    case .answer(let untouched):
      answer = untouched
    case .inject(let pod, let namespace):
      let metadata = await namespaces.namespace(namespace) ?? NamespaceMetadata(name: namespace)
      answer = responder.inject(pod, for: review, selector: selector, namespace: metadata)
    }
    let duration = ContinuousClock.now - start
    metrics.answered(answer, nanoseconds: duration.nanoseconds)
    log(answer, to: review, duration: duration)
    return answer.body
  }

  /// Never logs the object: it may hold secrets.
  private func log(_ answer: ReviewAnswer, to review: AdmissionReview, duration: Duration) {
    let level: Logger.Level = answer.verdict == .denied ? .info : .debug
    guard level >= logger.logLevel else { return }
    var metadata: Logger.Metadata = [
      "namespace": "\((review.namespace ?? "").cut(toBytes: Self.maximumLoggedBytes))",
      "name": "\(review.displayName.cut(toBytes: Self.maximumLoggedBytes))",
      "uid": "\(review.uid.cut(toBytes: Self.maximumLoggedBytes))",
      "verdict": "\(answer.verdict.rawValue)",
      "reason": "\(answer.reason.label)",
      "seconds": "\(Double(duration.nanoseconds) / 1e9)",
      "patch-bytes": "\(answer.patchBytes)",
    ]
    if !answer.message.isEmpty { metadata["message"] = "\(answer.message)" }
    if review.isDryRun { metadata["dry-run"] = "true" }
    logger.log(level: level, "Answered an admission review", metadata: metadata)
  }

  private static func head(length: Int) -> HTTPResponse {
    var head = HTTPResponse(status: .ok)
    head.headerFields[.contentType] = "application/json"
    head.headerFields[.contentLength] = String(length)
    return head
  }
}

extension HTTPProblem {
  /// - Parameter ending: whether the connection can't be used on, because the request's body was not read.
  fileprivate func response(ending: Bool) -> (HTTPResponse, ByteBuffer) {
    var (head, body) = response()
    if ending { head.headerFields[.connection] = "close" }
    return (head, body)
  }
}

extension HTTPRequest {
  /// Nil when the body comes in chunks, or in HTTP/2 frames without a length.
  fileprivate var contentLength: Int? {
    get throws(HTTPProblem) {
      guard let text = headerFields[.contentLength] else { return hasNoBody ? 0 : nil }
      guard let length = Int(text), length >= 0 else {
        throw HTTPProblem(.badRequest, error: "Content-Length is not a number of bytes", hint: "send it in decimal")
      }
      return length
    }
  }

  /// Whether it is certain that nothing follows the head; HTTP/2 doesn't tell.
  fileprivate var hasNoBody: Bool {
    headerFields[.contentLength] == "0"
      || (headerFields[.contentLength] == nil && headerFields[.transferEncoding] == nil && method == .get)
  }
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}

extension AdmissionReview {
  /// The object's name, or the one that it will be made from.
  fileprivate var displayName: String {
    if !name.isEmpty { return name }
    let metadata = object?["metadata"]
    return metadata?["name"]?.string ?? metadata?["generateName"]?.string.map { $0 + "*" } ?? ""
  }
}
