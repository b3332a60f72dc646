import AdmissionWebhook
import ClusterIdentity
import Injection
import KubernetesObjects

/// The webhook's questions about namespaces, answered from the cluster.
struct ClusterNamespaceSource: NamespaceSource {
  let namespaces: ClusterNamespaces

  func cached(_ name: String, of pod: JSONView, calledBy selector: WebhookSelector) -> CachedNamespace {
    switch namespaces.cached(NamespaceQuestion(name: name, selector: selector, pod: pod)) {
    case .known(let metadata): .known(metadata)
    case .unknown: .unknown
    }
  }

  func namespace(
    _ name: String,
    of pod: JSONView,
    calledBy selector: WebhookSelector
  ) async -> NamespaceMetadata? {
    await namespaces.namespace(NamespaceQuestion(name: name, selector: selector, pod: pod))
  }
}
