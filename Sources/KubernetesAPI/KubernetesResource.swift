/// A kind of object as the API server's paths name it.
package struct KubernetesResource: Sendable, Hashable {
  /// Empty for the core group.
  package var group: String
  package var version: String
  /// `configmaps`
  package var plural: String
  /// `ConfigMap`
  package var kind: String
  package var isNamespaced: Bool

  package init(group: String = "", version: String = "v1", plural: String, kind: String, isNamespaced: Bool = true) {
    self.group = group
    self.version = version
    self.plural = plural
    self.kind = kind
    self.isNamespaced = isNamespaced
  }

  /// `v1`, `apps/v1`
  package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
}

extension KubernetesResource: CustomStringConvertible {
  /// `configmaps`, `leases.coordination.k8s.io`: as `kubectl` takes it.
  package var description: String { group.isEmpty ? plural : "\(plural).\(group)" }
}

extension KubernetesResource {
  package static let configMaps = KubernetesResource(plural: "configmaps", kind: "ConfigMap")
  package static let events = KubernetesResource(plural: "events", kind: "Event")
  package static let namespaces = KubernetesResource(plural: "namespaces", kind: "Namespace", isNamespaced: false)
  package static let nodes = KubernetesResource(plural: "nodes", kind: "Node", isNamespaced: false)
  package static let pods = KubernetesResource(plural: "pods", kind: "Pod")
  package static let secrets = KubernetesResource(plural: "secrets", kind: "Secret")
  package static let serviceAccounts = KubernetesResource(plural: "serviceaccounts", kind: "ServiceAccount")
  package static let services = KubernetesResource(plural: "services", kind: "Service")

  package static let deployments = KubernetesResource(group: "apps", plural: "deployments", kind: "Deployment")
  package static let replicaSets = KubernetesResource(group: "apps", plural: "replicasets", kind: "ReplicaSet")
  package static let leases = KubernetesResource(group: "coordination.k8s.io", plural: "leases", kind: "Lease")

  package static let customResourceDefinitions = KubernetesResource(
    group: "apiextensions.k8s.io",
    plural: "customresourcedefinitions",
    kind: "CustomResourceDefinition",
    isNamespaced: false
  )
  package static let mutatingWebhookConfigurations = KubernetesResource(
    group: "admissionregistration.k8s.io",
    plural: "mutatingwebhookconfigurations",
    kind: "MutatingWebhookConfiguration",
    isNamespaced: false
  )
  package static let validatingWebhookConfigurations = KubernetesResource(
    group: "admissionregistration.k8s.io",
    plural: "validatingwebhookconfigurations",
    kind: "ValidatingWebhookConfiguration",
    isNamespaced: false
  )

  // Questions to the API server: created, never stored.
  package static let tokenReviews = KubernetesResource(
    group: "authentication.k8s.io",
    plural: "tokenreviews",
    kind: "TokenReview",
    isNamespaced: false
  )
  package static let selfSubjectAccessReviews = KubernetesResource(
    group: "authorization.k8s.io",
    plural: "selfsubjectaccessreviews",
    kind: "SelfSubjectAccessReview",
    isNamespaced: false
  )
  package static let subjectAccessReviews = KubernetesResource(
    group: "authorization.k8s.io",
    plural: "subjectaccessreviews",
    kind: "SubjectAccessReview",
    isNamespaced: false
  )
}
