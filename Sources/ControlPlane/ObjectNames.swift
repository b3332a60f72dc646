package import KubernetesAPI

/// What the control plane's own objects are called.
package struct ObjectNames: Sendable, Hashable {
  /// Where the control plane runs.
  package var namespace: String
  /// The Secret with the authority's state.
  package var authoritySecret = "amesh-ca"
  /// The Secret with an authority that a person plugs in.
  package var pluggedInSecret = "cacerts"
  /// The ConfigMap in which replicas report to whoever leads.
  package var reports = "amesh-replicas"
  /// The ConfigMap with the trust bundle, in every namespace.
  package var trustBundle = "amesh-root"
  package var leaderLease = "amesh-leader"

  package init(namespace: String) { self.namespace = namespace }

  package func key(_ name: String) -> ObjectKey { ObjectKey(namespace: namespace, name: name) }

  /// For watches of the one object of that name, which is all that RBAC grants by name.
  package func selection(_ name: String) -> ObjectSelection {
    ObjectSelection(namespace: namespace, fields: "metadata.name=\(name)")
  }
}
