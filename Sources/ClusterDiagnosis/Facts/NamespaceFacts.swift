import Injection
package import KubernetesObjects

/// A namespace, as far as the mesh goes.
package struct NamespaceFacts: Sendable, Hashable {
  package var name: String
  package var labels: [String: String]
  package var annotations: [String: String]
  /// Nothing can be created in it any more.
  package var isTerminating: Bool

  package init(
    _ name: String,
    labels: [String: String] = [:],
    annotations: [String: String] = [:],
    isTerminating: Bool = false
  ) {
    self.name = name
    self.labels = labels
    self.annotations = annotations
    self.isTerminating = isTerminating
  }

  package init?(_ object: JSONView) {
    guard let facts = ObjectFacts(object) else { return nil }
    name = facts.name
    labels = facts.labels
    annotations = facts.annotations
    isTerminating = facts.isBeingDeleted || object["status"]?.has("phase", "Terminating") == true
  }

  var injection: String? { labels[MeshNames.injectionLabel] }
  var revision: String? { labels[MeshNames.revisionLabel] }
  var isOfSystem: Bool { MeshNames.systemNamespaces.contains(name) }

  /// The revision that its Pods get sidecars of without asking; nil where they don't.
  var wantedRevision: String? {
    if injection == "disabled" || isOfSystem { return nil }
    return revision ?? (injection == "enabled" ? "default" : nil)
  }

  var metadata: NamespaceMetadata { NamespaceMetadata(name: name, labels: labels, annotations: annotations) }
}
