import AdmissionWebhook
import FoundationEssentials
import Injection
import KubernetesObjects

/// What holds for the answer to any bytes at all. Shared with the fuzzer of reviews.
enum ReviewInvariants {
  struct Violation: Error, CustomStringConvertible {
    let description: String
  }

  static func check(_ bytes: [UInt8]) throws {
    let review: AdmissionReview
    do {
      review = try AdmissionReview(parsing: bytes)
    } catch {
      let body = try JSONValue(parsing: HTTPProblem(error).body)
      try require(body["error"]?.string?.isEmpty == false, "an error says nothing")
      return
    }
    let responder = ReviewResponder(injector: Injector(settings: MeshSettings()))
    for selector in WebhookSelector.allCases {
      let answer = answer(review, by: responder, selector: selector)
      try require(answer == Self.answer(review, by: responder, selector: selector), "two answers differ")
      try check(answer, to: review)
    }
  }

  private static func answer(
    _ review: AdmissionReview,
    by responder: ReviewResponder,
    selector: WebhookSelector
  ) -> ReviewAnswer {
    switch responder.triage(review) {
    case .answer(let answer): answer
    case .inject(let pod, let namespace):
      responder.inject(pod, for: review, selector: selector, namespace: NamespaceMetadata(name: namespace))
    }
  }

  private static func check(_ answer: ReviewAnswer, to review: AdmissionReview) throws {
    let body = try JSONValue(parsing: answer.body)
    try require(body["apiVersion"]?.string == review.version.rawValue, "another version")
    try require(body["kind"]?.string == "AdmissionReview", "another kind")
    guard let response = body["response"] else { throw Violation(description: "no response") }
    try require(response["uid"]?.string == review.uid, "another uid")
    try require(response["allowed"]?.bool == (answer.verdict != .denied), "allowed is not the verdict")
    try require((response["patch"] == nil) == (response["patchType"] == nil), "patch without its type")
    if answer.verdict == .denied {
      try require(response["patch"] == nil, "a denial with a patch")
      try require((response["status"]?["code"]?.integer ?? 0) >= 400, "a denial without a code")
      try require(response["status"]?["message"]?.string?.isEmpty == false, "a denial without a message")
    }
    let warnings = (response["warnings"]?.array ?? []).compactMap(\.string)
    try require(warnings.allSatisfy { $0.count <= 120 }, "a warning too long")
    try require(warnings.reduce(0) { $0 + $1.utf8.count } <= 4096, "too many warnings")
    for key in ["injected", "reason", "revision"] {
      try require(response["auditAnnotations"]?[key]?.string != nil, "no audit annotation \(key)")
    }
    if let patch = response["patch"]?.string { try checkApplies(patch, to: review) }
  }

  /// A patch that doesn't apply makes the API server refuse the Pod, whatever the failurePolicy.
  private static func checkApplies(_ patch: String, to review: AdmissionReview) throws {
    guard let bytes = Data(base64Encoded: patch), let object = review.object else {
      throw Violation(description: "a patch that is no base64, or of nothing")
    }
    let patched = try JSONPatch(JSONValue(parsing: [UInt8](bytes))).apply(to: object.value)
    try require(patched["kind"]?.string == "Pod", "the patched object is no Pod")
  }

  private static func require(_ condition: Bool, _ description: String) throws {
    guard condition else { throw Violation(description: description) }
  }
}
