/// What the injector knows besides the Pod itself.
package struct InjectionContext: Sendable {
  /// The namespace that the Pod is created in.
  package var namespace: NamespaceMetadata
  /// The webhook that the API server called, which tells what its selectors have matched.
  package var caller: WebhookSelector
  package var cluster: ClusterCapabilities
  /// The workload whose template the Pod is, where the Pod itself can't name it: offline, before it has an owner.
  package var workload: Workload?

  /// What makes Pods from a template.
  package struct Workload: Sendable, Equatable {
    package var kind: String
    package var name: String

    package init(kind: String, name: String) {
      self.kind = kind
      self.name = name
    }
  }

  package init(
    namespace: NamespaceMetadata,
    caller: WebhookSelector = .labels,
    cluster: ClusterCapabilities = ClusterCapabilities(),
    workload: Workload? = nil
  ) {
    self.namespace = namespace
    self.caller = caller
    self.cluster = cluster
    self.workload = workload
  }
}

/// The selectors of the webhook that was called, by its path.
package enum WebhookSelector: String, Sendable, CaseIterable {
  /// `/inject/namespace`: the namespace is labelled `injection: enabled`.
  case namespace
  /// `/inject/pod`: the Pod is labelled `inject: "true"`, its namespace says nothing.
  case pod
  /// `/inject/rev`: the namespace or the Pod is labelled with this control plane's revision.
  case revision = "rev"
  /// `/inject`: nothing is known, the labels alone decide.
  case labels = ""
}

/// Name, labels and annotations of a namespace; labels and annotations are nil while they are not known.
package struct NamespaceMetadata: Sendable, Equatable {
  package var name: String
  package var labels: [String: String]?
  package var annotations: [String: String]?

  package init(name: String, labels: [String: String]? = nil, annotations: [String: String]? = nil) {
    self.name = name
    self.labels = labels
    self.annotations = annotations
  }
}

/// What the cluster can do.
package struct ClusterCapabilities: Sendable, Equatable {
  /// The minor version of Kubernetes 1.x; nil while it is not known.
  package var minorVersion: Int?

  package init(minorVersion: Int? = nil) {
    self.minorVersion = minorVersion
  }
}
