import KubernetesAPI
package import KubernetesObjects

/// What the distribution of the bundle looks at in a namespace.
package struct NamespaceFacts: Sendable, Hashable {
  package var labels: [String: String]
  /// Nothing can be created in it any more.
  package var isTerminating: Bool

  package init(labels: [String: String] = [:], isTerminating: Bool = false) {
    self.labels = labels
    self.isTerminating = isTerminating
  }

  package init?(_ namespace: JSONView) {
    guard let metadata = ObjectMetadata(of: namespace) else { return nil }
    let phase = namespace["status"]?.string(of: "phase")
    self.init(labels: metadata.labels, isTerminating: metadata.isBeingDeleted || phase == "Terminating")
  }
}
