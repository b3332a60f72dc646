import Injection
import KubernetesObjects
import Logging
import NIOCore

/// Takes the bytes of a review to the bytes of its answer: finds its namespace, asks the ``ReviewResponder``, tells
/// metrics and log.
struct ReviewService: Sendable {
  let injector: CurrentInjector
  let namespaces: any NamespaceSource
  let metrics: WebhookMetrics
  let logger: Logger
  private let judgePlugins: (@Sendable (AdmissionReview) -> AdmissionResponse)?
  private let onDenial: @Sendable (RefusedPod) -> Void
  private let largeReviews = LargeReviewTurn()

  /// Bytes of a client's text that a log line takes in.
  private static let maximumLoggedBytes = 256

  /// - Parameters:
  ///   - judgePlugins: answers about AmeshPluginConfigs; nil where nobody does.
  ///   - onDenial: called with each Pod that is not let in, before its answer goes; it returns at once.
  init(
    injector: CurrentInjector,
    namespaces: any NamespaceSource,
    metrics: WebhookMetrics,
    logger: Logger,
    judgePlugins: (@Sendable (AdmissionReview) -> AdmissionResponse)? = nil,
    onDenial: @escaping @Sendable (RefusedPod) -> Void = { _ in }
  ) {
    self.judgePlugins = judgePlugins
    self.injector = injector
    self.namespaces = namespaces
    self.metrics = metrics
    self.logger = logger
    self.onDenial = onDenial
  }

  /// Answers without waiting for anything; nil where there is something to wait for: a namespace has to be looked up.
  func answerAtOnce(_ body: [UInt8], _ route: WebhookRoute) throws(HTTPProblem) -> [UInt8]? {
    // Schemas may take their time.
    guard case .injection(let selector) = route else { return nil }
    let start = NIODeadline.now()
    let review = try parse(body)
    let responder = injector.responder
    switch responder.triage(review) {
    case .answer(let answer):
      return tell(answer, to: review, since: start)
    case .inject(let pod, let name):
      let namespace: NamespaceMetadata
      switch namespaces.cached(name, of: pod, calledBy: selector) {
      case .known(let metadata): namespace = metadata
      case .absent: namespace = NamespaceMetadata(name: name)
      case .unknown: return nil
      }
      let answer = responder.inject(pod, for: review, selector: selector, namespace: namespace)
      return tell(answer, to: review, since: start)
    }
  }

  /// Answers after a look-up of the namespace where there has to be one, and large reviews one at a time.
  func answer(_ body: consuming [UInt8], _ route: WebhookRoute) async throws(HTTPProblem) -> [UInt8] {
    guard case .injection(let selector) = route else { return try answerAboutPlugins(body) }
    guard body.count > LargeReviewTurn.threshold else { return try await answerNow(body, selector: selector) }
    // Whoever waited may have gone meanwhile: nobody reads the answer.
    guard await largeReviews.enter() else { return [] }
    defer { largeReviews.leave() }
    return try await answerNow(body, selector: selector)
  }

  private func answerNow(_ body: consuming [UInt8], selector: WebhookSelector) async throws(HTTPProblem) -> [UInt8] {
    let start = NIODeadline.now()
    let review = try parse(body)
    let responder = injector.responder
    switch responder.triage(review) {
    case .answer(let answer):
      return tell(answer, to: review, since: start)
    case .inject(let pod, let name):
      let found = await namespaces.namespace(name, of: pod, calledBy: selector)
      let namespace = found ?? NamespaceMetadata(name: name)
      let answer = responder.inject(pod, for: review, selector: selector, namespace: namespace)
      return tell(answer, to: review, since: start)
    }
  }

  private func answerAboutPlugins(_ body: [UInt8]) throws(HTTPProblem) -> [UInt8] {
    guard let judgePlugins else {
      throw HTTPProblem(
        .notFound,
        error: "plugin configurations are not judged here",
        hint: "set plugins.enabled, and server.mode to kubernetes"
      )
    }
    let review = try parse(body)
    return judgePlugins(review).serialized(for: review)
  }

  /// A request gets an HTTP error instead of an answer.
  func refused(because problem: HTTPProblem) {
    metrics.failed(problem.code)
    logger.debug(
      "Refused an HTTP request",
      metadata: ["code": "\(problem.code.rawValue)", "error": "\(problem.error)"]
    )
  }

  private func parse(_ body: [UInt8]) throws(HTTPProblem) -> AdmissionReview {
    do throws(AdmissionReviewError) {
      return try AdmissionReview(parsing: body)
    } catch {
      throw HTTPProblem(error)
    }
  }

  private func tell(
    _ answer: ReviewAnswer,
    to review: AdmissionReview,
    since start: NIODeadline
  ) -> [UInt8] {
    let nanoseconds = (NIODeadline.now() - start).nanoseconds
    metrics.answered(answer, nanoseconds: nanoseconds)
    log(answer, to: review, nanoseconds: nanoseconds)
    tellDenial(answer, of: review)
    return answer.body
  }

  /// Not of a dry run, which leaves no traces.
  private func tellDenial(_ answer: ReviewAnswer, of review: AdmissionReview) {
    guard answer.verdict == .denied, !review.isDryRun, case .injection = answer.reason, let pod = review.object,
      let namespace = review.namespace
    else { return }
    let name = review.displayName.cut(toBytes: Self.maximumLoggedBytes)
    onDenial(RefusedPod(pod: pod, namespace: namespace, name: name, message: answer.message))
  }

  /// Never logs the object: it may hold secrets.
  private func log(_ answer: ReviewAnswer, to review: AdmissionReview, nanoseconds: Int64) {
    let level: Logger.Level = answer.verdict == .denied ? .info : .debug
    guard level >= logger.logLevel else { return }
    var metadata: Logger.Metadata = [
      "namespace": "\((review.namespace ?? "").cut(toBytes: Self.maximumLoggedBytes))",
      "name": "\(review.displayName.cut(toBytes: Self.maximumLoggedBytes))",
      "uid": "\(review.uid.cut(toBytes: Self.maximumLoggedBytes))",
      "verdict": "\(answer.verdict.rawValue)",
      "reason": "\(answer.reason.label)",
      "seconds": "\(Double(nanoseconds) / 1e9)",
      "patch-bytes": "\(answer.patchBytes)",
    ]
    if !answer.message.isEmpty { metadata["message"] = "\(answer.message)" }
    if review.isDryRun { metadata["dry-run"] = "true" }
    logger.log(level: level, "Answered an admission review", metadata: metadata)
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
