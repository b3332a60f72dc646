import FoundationEssentials
import KubernetesAPI
import KubernetesObjects
import WorkloadDiscovery

/// What is kept of a Pod: whether a token that is bound to it is still good, and what its sidecar is like.
struct BoundPod: Sendable, Hashable {
  var uid: String
  var serviceAccount: String
  /// Nil while it has none; it never changes after that.
  var node: String?
  /// When the Pod's grace period is over; nil while nobody deletes it.
  var deletedAt: Date?
  /// All its containers have ended for good.
  var hasEnded: Bool
  /// Nil where nobody asks, or the Pod is over.
  var sidecar: SharedSidecar?
  /// Nil where nobody asks, or the Pod has no address of its own.
  var endpoint: PodEndpoint?
  /// Nil where nobody asks, or the Pod has no sidecar.
  var labels: SharedLabels?

  init?(
    _ pod: JSONView,
    sidecar: SharedSidecar? = nil,
    endpoint: PodEndpoint? = nil,
    labels: SharedLabels? = nil
  ) {
    guard let metadata = pod["metadata"], let uid = metadata.string(of: "uid"), !uid.isEmpty else { return nil }
    self.uid = uid
    self.sidecar = sidecar
    self.endpoint = endpoint
    self.labels = labels
    deletedAt = metadata.deletedAt
    let spec = pod["spec"]
    serviceAccount = spec?.string(of: "serviceAccountName") ?? "default"
    node = spec?.string(of: "nodeName").flatMap { $0.isEmpty ? nil : $0 }
    let phase = pod["status"]?["phase"]
    hasEnded = phase?.equals("Succeeded") == true || phase?.equals("Failed") == true
  }
}

/// What is kept of a ServiceAccount.
struct BoundServiceAccount: Sendable, Hashable {
  var uid: String
  var deletedAt: Date?

  init?(_ account: JSONView) {
    guard let metadata = account["metadata"], let uid = metadata.string(of: "uid"), !uid.isEmpty else { return nil }
    self.uid = uid
    deletedAt = metadata.deletedAt
  }
}

extension JSONView {
  /// Of an object's metadata. A time that can't be read is long ago: someone wants the object gone.
  fileprivate var deletedAt: Date? {
    guard let text = string(of: "deletionTimestamp") else { return nil }
    return (try? Date(text, strategy: .iso8601)) ?? Date(timeIntervalSince1970: 0)
  }
}
