package import KubernetesObjects

/// Why a request gets an HTTP error instead of an admission answer.
///
/// The API server then follows the webhook's `failurePolicy` and shows a person our text only in its log, so this is for
/// requests that no answer can name by uid, and for those who try the webhook by hand.
package struct HTTPProblem: Error, Equatable, Sendable {
  /// Every status that we answer besides 200; also the values of a metric's label.
  package enum Code: Int, Sendable, CaseIterable {
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case requestTimeout = 408
    case contentTooLarge = 413
    case unsupportedMediaType = 415
    case serviceUnavailable = 503
  }

  package let code: Code
  /// What is wrong.
  package let error: String
  /// What to do about it.
  package let hint: String

  /// Characters of either text; what a client sent may be part of it.
  private static let maximumLength = 400

  package init(_ code: Code, error: String, hint: String) {
    self.code = code
    self.error = String(error.prefix(Self.maximumLength))
    self.hint = String(hint.prefix(Self.maximumLength))
  }

  package init(_ error: AdmissionReviewError) {
    self.init(.badRequest, error: error.description, hint: error.hint)
  }

  package static func tooLarge(limit: Int) -> HTTPProblem {
    HTTPProblem(
      .contentTooLarge,
      error: "the body is larger than \(limit) bytes",
      hint: "the API server itself accepts objects of at most 3 MiB"
    )
  }

  package static func tooSlow(seconds: Int) -> HTTPProblem {
    HTTPProblem(
      .requestTimeout,
      error: "the request was not complete within \(seconds) s",
      hint: "send headers and body without pauses"
    )
  }

  package static let malformed = HTTPProblem(
    .badRequest,
    error: "the request is not valid HTTP, or its headers are too large",
    hint: "send one Content-Length or a chunked body, not both, and few, short headers (RFC 9112)"
  )

  package static let emptyBody = HTTPProblem(
    .badRequest,
    error: "the body is empty",
    hint: "send an AdmissionReview of admission.k8s.io/v1"
  )

  package static let incompleteBody = HTTPProblem(
    .badRequest,
    error: "the body ends before its Content-Length",
    hint: "send the whole body before closing the connection"
  )

  package static let overloaded = HTTPProblem(
    .serviceUnavailable,
    error: "too many bytes of other requests are being received",
    hint: "try again in a second; more replicas of the webhook share the load"
  )

  /// The JSON text of the answer: `{"error": …, "hint": …}`.
  package var body: [UInt8] {
    var writer = JSONWriter(reservingCapacity: error.utf8.count + hint.utf8.count + 32)
    writer.object { writer in
      writer.member("error", error)
      writer.member("hint", hint)
    }
    return writer.bytes + "\n".utf8
  }
}
