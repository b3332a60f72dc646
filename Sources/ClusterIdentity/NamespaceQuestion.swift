package import Injection
package import KubernetesObjects

/// Which namespace is asked for, and what the webhook that was called tells of it.
package struct NamespaceQuestion: Sendable, Hashable {
  package var name: String
  package var selector: WebhookSelector
  /// Of the Pod that is created.
  package var injectLabel: String?
  package var revisionLabel: String?

  package init(name: String, selector: WebhookSelector, injectLabel: String? = nil, revisionLabel: String? = nil) {
    self.name = name
    self.selector = selector
    self.injectLabel = injectLabel
    self.revisionLabel = revisionLabel
  }

  /// - Parameter pod: as it came with the review.
  package init(name: String, selector: WebhookSelector, pod: JSONView) {
    let labels = pod["metadata"]?["labels"]
    self.init(
      name: name,
      selector: selector,
      injectLabel: labels?[MeshNames.injectLabel]?.string,
      revisionLabel: labels?[MeshNames.revisionLabel]?.string
    )
  }

  /// Whether an API server that knows these labels of the namespace would have called that webhook.
  ///
  /// - Parameter ours: the revision that this control plane serves.
  func fits(_ namespace: NamespaceMetadata, revision ours: String) -> Bool {
    let injection = namespace.labels?[MeshNames.injectionLabel]
    let revision = namespace.labels?[MeshNames.revisionLabel]
    switch selector {
    case .labels: return true
    case .namespace: return injection == "enabled" && revision == nil
    case .pod: return revision == nil
    case .revision:
      guard injectLabel == "true" || injection != "disabled" else { return false }
      return revisionLabel == ours || (revisionLabel == nil && revision == ours)
    }
  }
}
