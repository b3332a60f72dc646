import KubernetesObjects
import Testing

struct AdmissionReviewTests {
  @Test func `what a decision needs is read`() throws {
    let text = """
      {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"u-1",
      "kind":{"group":"apps","version":"v1","kind":"Deployment"},"subResource":"scale","operation":"UPDATE",
      "namespace":"shop","name":"web","dryRun":true,"object":{"kind":"Deployment"},"unknown":[1]}}
      """
    let review = try AdmissionReview(parsing: Array(text.utf8))
    #expect(review.version == .v1beta1)
    #expect(review.uid == "u-1")
    #expect(review.kind == AdmissionReview.GroupVersionKind(group: "apps", version: "v1", kind: "Deployment"))
    #expect(review.kind?.description == "apps/v1 Deployment")
    #expect(review.subresource == "scale")
    #expect(review.operation == .update)
    #expect(review.namespace == "shop")
    #expect(review.name == "web")
    #expect(review.isDryRun)
    #expect(review.object?["kind"]?.string == "Deployment")
  }

  @Test func `what is absent, null or of another type is nil`() throws {
    let text = """
      {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u-1","kind":{"kind":"Pod"},
      "operation":["CREATE"],"namespace":"","name":7,"dryRun":"yes","object":null}}
      """
    let review = try AdmissionReview(parsing: Array(text.utf8))
    #expect(review.kind == nil)
    #expect(review.operation == nil)
    #expect(review.namespace == nil)
    #expect(review.name == "")
    #expect(!review.isDryRun)
    #expect(review.object == nil)
  }

  @Test(arguments: [
    ("", AdmissionReviewError.json(JSONError(.empty, at: 0))),
    ("[]", .notAnObject),
    ("{}", .kind(nil)),
    (#"{"kind":1}"#, .kind(nil)),
    (#"{"kind":"Pod"}"#, .kind("Pod")),
    (#"{"kind":"AdmissionReview"}"#, .apiVersion(nil)),
    (#"{"kind":"AdmissionReview","apiVersion":"v1"}"#, .apiVersion("v1")),
    (#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}"#, .noRequest),
    (#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":[]}"#, .noRequest),
    (#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}"#, .noUID),
    (#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":""}}"#, .noUID),
  ])
  func `what can't be answered with a uid is an error`(text: String, error: AdmissionReviewError) {
    #expect(throws: error) { try AdmissionReview(parsing: Array(text.utf8)) }
    #expect(!error.description.isEmpty && !error.hint.isEmpty)
  }
}
