import AdmissionWebhook
import Injection
import KubernetesObjects
import Testing

struct ReviewResponderTests {
  private let responder = ReviewResponder(injector: Injector(settings: MeshSettings()))

  private func answer(_ review: JSONValue) throws -> (answer: ReviewAnswer, body: JSONValue) {
    let review = try AdmissionReview(parsing: review.serialized())
    let answer: ReviewAnswer
    switch responder.triage(review) {
    case .answer(let untouched): answer = untouched
    case .inject(let pod, let namespace):
      answer = responder.inject(pod, for: review, selector: .labels, namespace: NamespaceMetadata(name: namespace))
    }
    return (answer, try JSONValue(parsing: answer.body))
  }

  @Test(arguments: AdmissionReview.Version.allCases)
  func `the answer is of the request's version and carries its uid`(version: AdmissionReview.Version) throws {
    let (_, body) = try answer(Reviews.review(version: version))
    #expect(body["apiVersion"]?.string == version.rawValue)
    #expect(body["kind"]?.string == "AdmissionReview")
    let response = try #require(body["response"])
    #expect(response["uid"]?.string == Reviews.uid)
    #expect(response["allowed"]?.bool != nil)
    #expect((response["patch"] == nil) == (response["patchType"] == nil))
    let audit = try #require(response["auditAnnotations"])
    #expect(audit["injected"]?.string != nil)
    #expect(audit["reason"]?.string?.isEmpty == false)
    #expect(audit["revision"]?.string == "default")
  }

  struct Untouched: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let reason: String
    let change: @Sendable (inout JSONObject) -> Void
  }

  static let untouched = [
    Untouched(testDescription: "UPDATE", reason: "unhandled-operation") { $0["operation"] = "UPDATE" },
    Untouched(testDescription: "DELETE without object", reason: "unhandled-operation") {
      $0["operation"] = "DELETE"
      $0["object"] = nil
    },
    Untouched(testDescription: "CONNECT", reason: "unhandled-operation") { $0["operation"] = "CONNECT" },
    Untouched(testDescription: "an operation of the future", reason: "unhandled-operation") {
      $0["operation"] = "TELEPORT"
    },
    Untouched(testDescription: "no operation", reason: "unhandled-operation") { $0["operation"] = nil },
    Untouched(testDescription: "a Service", reason: "unhandled-kind") {
      $0["kind"] = ["group": "", "version": "v1", "kind": "Service"]
    },
    Untouched(testDescription: "a Pod of another group", reason: "unhandled-kind") {
      $0["kind"] = ["group": "example.com", "version": "v1", "kind": "Pod"]
    },
    Untouched(testDescription: "a subresource", reason: "unhandled-subresource") {
      $0["subResource"] = "ephemeralcontainers"
    },
  ]

  @Test(arguments: untouched)
  func `what is not the creation of a Pod is allowed untouched`(_ row: Untouched) throws {
    let (answer, body) = try answer(Reviews.review(change: row.change))
    #expect(answer.verdict == .skipped)
    #expect(answer.reason.label == row.reason)
    let response = try #require(body["response"])
    #expect(response["allowed"]?.bool == true)
    #expect(response["patch"] == nil)
    #expect(response["patchType"] == nil)
    #expect(response["status"] == nil)
    #expect(response["auditAnnotations"]?["reason"]?.string == row.reason)
    #expect(response["auditAnnotations"]?["injected"]?.string == "false")
  }

  struct Malformed: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let names: String
    let change: @Sendable (inout JSONObject) -> Void
  }

  static let malformed = [
    Malformed(testDescription: "object null", names: "request.object") { $0["object"] = .null },
    Malformed(testDescription: "object absent", names: "request.object") { $0["object"] = nil },
    Malformed(testDescription: "object of another kind", names: "\"Deployment\"") {
      $0["object"] = ["apiVersion": "apps/v1", "kind": "Deployment"]
    },
    Malformed(testDescription: "object without kind", names: "request.object") { $0["object"] = [:] },
    Malformed(testDescription: "object no object", names: "request.object") { $0["object"] = "Pod" },
    Malformed(testDescription: "a Pod of another version", names: "request.object") {
      $0["object"] = ["apiVersion": "v2", "kind": "Pod"]
    },
    Malformed(testDescription: "kind absent", names: "request.kind") { $0["kind"] = nil },
    Malformed(testDescription: "kind a string", names: "request.kind") { $0["kind"] = "Pod" },
    Malformed(testDescription: "no namespace anywhere", names: "request.namespace") { $0["namespace"] = "" },
  ]

  @Test(arguments: malformed)
  func `what can't be decided is denied by name, with the uid`(_ row: Malformed) throws {
    let (answer, body) = try answer(Reviews.review(change: row.change))
    #expect(answer.verdict == .denied)
    #expect(answer.reason == .malformed)
    let response = try #require(body["response"])
    #expect(response["uid"]?.string == Reviews.uid)
    #expect(response["allowed"]?.bool == false)
    #expect(response["patch"] == nil)
    #expect(response["status"]?["code"]?.integer == 400)
    #expect(response["status"]?["reason"]?.string == "BadRequest")
    #expect(response["status"]?["message"]?.string?.contains(row.names) == true)
  }

  @Test func `a Pod that names its namespace itself is enough`() throws {
    var pod = Reviews.pod
    pod["metadata"]?["namespace"] = "shop"
    let review = try AdmissionReview(
      parsing: Reviews.review(object: pod) { $0["namespace"] = nil }.serialized()
    )
    guard case .inject(_, let namespace) = responder.triage(review) else {
      Issue.record("the injector was not asked")
      return
    }
    #expect(namespace == "shop")
  }
}
