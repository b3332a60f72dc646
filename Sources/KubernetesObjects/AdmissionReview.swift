/// A request of the API server for admission (`AdmissionReview` of admission.k8s.io), as far as a webhook needs it.
///
/// Only what an answer cannot do without is required: the version, the kind and the request's uid. Everything else may
/// be absent or of the wrong type and is then nil, so that whoever decides can say so in an answer that carries the uid.
package struct AdmissionReview: Sendable {
  /// The versions that are understood; an answer has to be of the request's.
  package enum Version: String, Sendable, CaseIterable {
    case v1 = "admission.k8s.io/v1"
    case v1beta1 = "admission.k8s.io/v1beta1"
  }

  package enum Operation: String, Sendable, CaseIterable {
    case create = "CREATE"
    case update = "UPDATE"
    case delete = "DELETE"
    case connect = "CONNECT"
  }

  /// What kind of object the webhook is asked about.
  package struct GroupVersionKind: Sendable, Equatable, CustomStringConvertible {
    package var group: String
    package var version: String
    package var kind: String

    package init(group: String = "", version: String = "v1", kind: String) {
      self.group = group
      self.version = version
      self.kind = kind
    }

    package var description: String {
      group.isEmpty ? "\(version) \(kind)" : "\(group)/\(version) \(kind)"
    }
  }

  package let version: Version
  /// Identifies this call; repeated in the answer.
  package let uid: String
  package let kind: GroupVersionKind?
  /// Nil when it is absent or not one that we know.
  package let operation: Operation?
  /// `status`, `ephemeralcontainers` and the like; empty for the object itself.
  package let subresource: String
  /// The namespace of the request; the object itself need not name one.
  package let namespace: String?
  /// Empty while the API server has yet to generate it.
  package let name: String
  /// Whether nothing is stored, so that no side effect may happen.
  package let isDryRun: Bool
  /// The new object; nil when it is absent or null, as for DELETE.
  package let object: JSONView?

  /// The name of the kind in every version.
  package static let kindName = "AdmissionReview"

  /// Reads a review from a request's body.
  package init(parsing body: [UInt8]) throws(AdmissionReviewError) {
    let root: JSONView
    do {
      root = try JSONDocument(parsing: body).root
    } catch {
      throw .json(error)
    }
    try self.init(root)
  }

  package init(_ root: JSONView) throws(AdmissionReviewError) {
    guard root.kind == .object else { throw .notAnObject }
    guard root.has("kind", Self.kindName) else { throw .kind(root.string(of: "kind")) }
    guard let version = Version.allCases.first(where: { root.has("apiVersion", $0.rawValue) }) else {
      throw .apiVersion(root.string(of: "apiVersion"))
    }
    guard let request = root["request"], request.kind == .object else { throw .noRequest }
    guard let uid = request.string(of: "uid"), !uid.isEmpty else { throw .noUID }
    self.version = version
    self.uid = uid
    self.kind = request["kind"].flatMap(Self.groupVersionKind)
    operation = request.string(of: "operation").flatMap(Operation.init)
    subresource = request.string(of: "subResource") ?? ""
    namespace = request.string(of: "namespace").flatMap { $0.isEmpty ? nil : $0 }
    name = request.string(of: "name") ?? ""
    isDryRun = request.bool(of: "dryRun") ?? false
    object = request["object"].flatMap { $0.isNull ? nil : $0 }
  }

  private static func groupVersionKind(_ view: JSONView) -> GroupVersionKind? {
    guard let kind = view.string(of: "kind"), let version = view.string(of: "version") else { return nil }
    return GroupVersionKind(group: view.string(of: "group") ?? "", version: version, kind: kind)
  }
}
