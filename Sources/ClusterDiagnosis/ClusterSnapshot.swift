package import FoundationEssentials

/// Which control plane a diagnosis is about.
package struct DiagnosisSubject: Sendable, Hashable {
  /// Where the control plane runs.
  package var namespace: String
  package var revision: String

  package init(namespace: String, revision: String) {
    self.namespace = namespace
    self.revision = revision
  }
}

/// What a diagnosis goes by: a cluster as it was read once.
package struct ClusterSnapshot: Sendable {
  package var subject: DiagnosisSubject
  package var now: Date
  /// Its version, as `v1.33.1`.
  package var server: Learned<String>
  package var namespaces: Learned<[NamespaceFacts]>
  /// Of the revision.
  package var deployments: Learned<[DeploymentFacts]>
  /// The revision's own.
  package var controlPlanePods: Learned<[ControlPlanePodFacts]>
  /// Names of the Services beside the control plane.
  package var services: Learned<Set<String>>
  /// All of the cluster, of others too.
  package var webhooks: Learned<[WebhookConfigurationFacts]>
  /// What the endpoints of the revision's webhooks show.
  package var probes: [WebhookEndpoint: WebhookProbe]
  /// What the authority's Secret says of certificates; nil where there is none.
  package var authority: Learned<AuthorityFacts?>
  /// PEM by namespace.
  package var bundles: Learned<[String: String]>
  package var lease: Learned<LeaseFacts?>
  /// What the control plane's ServiceAccount may do.
  package var permissions: Learned<[Permission: Bool]>
  package var pods: Learned<[PodFacts]>
  /// Hash of the configuration that sidecars are made by.
  package var configHash: Learned<String>
  /// Whether workloads' certificates have DNS names.
  package var hasNames: Learned<Bool>

  /// Nothing is known yet.
  package init(_ subject: DiagnosisSubject, now: Date) {
    self.subject = subject
    self.now = now
    let problem = "the API server was not asked"
    server = .unknown(problem)
    namespaces = .unknown(problem)
    deployments = .unknown(problem)
    controlPlanePods = .unknown(problem)
    services = .unknown(problem)
    webhooks = .unknown(problem)
    probes = [:]
    authority = .unknown(problem)
    bundles = .unknown(problem)
    lease = .unknown(problem)
    permissions = .unknown(problem)
    pods = .unknown(problem)
    configHash = .unknown(problem)
    hasNames = .unknown(problem)
  }
}
