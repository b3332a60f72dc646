/// Why a body is no review that could be answered with its uid; the description names the thing and the cure.
package enum AdmissionReviewError: Error, Equatable, Sendable, CustomStringConvertible {
  case json(JSONError)
  case notAnObject
  case apiVersion(String?)
  case kind(String?)
  case noRequest
  case noUID

  package var description: String {
    switch self {
    case .json(let error): "the body is not valid JSON: \(error)"
    case .notAnObject: "the body is not a JSON object"
    case .apiVersion(let version): "apiVersion \(Self.found(version)) is not supported"
    case .kind(let kind): "kind \(Self.found(kind)) is not AdmissionReview"
    case .noRequest: "request is missing or not an object"
    case .noUID: "request.uid is missing, empty or not a string"
    }
  }

  /// What to send instead.
  package var hint: String {
    switch self {
    case .json: "send one JSON text in UTF-8, nested at most 128 deep, without duplicate keys"
    case .apiVersion:
      "send \(AdmissionReview.Version.allCases.map(\.rawValue).joined(separator: " or ")); see admissionReviewVersions"
    case .notAnObject, .kind, .noRequest, .noUID:
      "send an AdmissionReview of admission.k8s.io/v1 with a request that has a uid, as the API server does"
    }
  }

  private static func found(_ value: String?) -> String {
    value.map { "\"\($0.prefix(80))\"" } ?? "(missing or not a string)"
  }
}
