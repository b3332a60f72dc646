import AdmissionWebhook
import CallerAuthentication
import CertificateAuthority
import ClusterIdentity
import ControlPlane
import CoreMetrics
import Foundation
import Injection
import KubernetesAPI
import Logging
import MeshAuthority
import MeshConfiguration
import OpenSSLKeys
import SPIFFE
import ServiceLifecycle
import WorkloadDiscovery

/// What ties `amesh serve` to its cluster: what it hears of the API server, and what it writes there.
struct ClusterPlane {
  let client: HTTPKubernetesClient
  let keys: ClusterSigningKeys
  let objects: BoundObjects
  let namespaces: ClusterNamespaces
  let version: ClusterVersion
  /// For what is about the control plane itself.
  let events: EventRecorder
  /// For Pods that were not let in: a storm of them takes nothing from the others.
  private let refusals: EventRecorder
  private let reports: SidecarReports
  let names: ObjectNames
  private let reviewer: TokenReviewer
  private let metrics: ClusterIdentityMetrics
  private let configuration: Configuration
  private let logger: Logger

  /// How long nothing may be heard of the API server until that is told.
  private static let longSilence = Duration.seconds(180)

  /// - Throws: when it can't be told where the cluster is; whether it answers is not asked here.
  init(
    _ current: CurrentConfiguration,
    environment: [String: String],
    metrics factory: any MetricsFactory,
    logger: Logger
  ) throws(Failure) {
    let configuration = current.snapshot
    self.configuration = configuration
    self.logger = logger
    names = ObjectNames(namespace: configuration.mesh.controlPlane.namespace)
    if let namespace = environment["POD_NAMESPACE"], !namespace.isEmpty, namespace != names.namespace {
      throw Failure(
        .configuration,
        "mesh.controlPlane.namespace is \(names.namespace), and this Pod runs in \(namespace) (POD_NAMESPACE); set it to that"
      )
    }
    do throws(ClusterConnectionError) {
      let connection = try ClusterConnection.find(environment: environment)
      logger.info("part of a cluster", metadata: ["server": "\(connection.server)"])
      var settings = ClientConfiguration()
      settings.userAgent = "amesh/\(Version.current)"
      client = try HTTPKubernetesClient(connection, configuration: settings, environment: environment)
    } catch {
      throw Failure(.configuration, "server.mode: kubernetes: \(error)")
    }
    metrics = ClusterIdentityMetrics(factory: factory)
    keys = ClusterSigningKeys(client, metrics: metrics, logger: logger)
    let trustDomain = try? TrustDomain(configuration.mesh.trustDomain)
    objects = BoundObjects(
      client,
      sidecar: { PodSidecar($0, neverInject: current.snapshot.mesh.neverInject) },
      endpoint: { pod in trustDomain.flatMap { PodEndpoint(pod, trustDomain: $0) } },
      keepsLabels: configuration.plugins.isEnabled && configuration.identity.isEnabled,
      metrics: metrics,
      logger: logger
    )
    namespaces = ClusterNamespaces(
      client,
      revision: configuration.mesh.revision,
      metrics: metrics,
      logger: logger
    )
    version = ClusterVersion(client, logger: logger)
    events = EventRecorder(client: client, reporter: Replica.host, logger: logger)
    refusals = EventRecorder(client: client, reporter: Replica.host, logger: logger)
    reports = SidecarReports(
      expected: {
        let now = current.snapshot
        return SidecarExpectation(
          revision: now.mesh.revision,
          controlPlaneNamespace: now.mesh.controlPlane.namespace,
          version: Version.current,
          configHash: now.meshHash
        )
      },
      namespace: { [namespaces] in namespaces.known($0) },
      isKnown: { [namespaces, objects] in objects.hasSynced && namespaces.hasSynced },
      factory: factory
    )
    objects.onSidecars { [reports] in reports.take($0) }
    reviewer = TokenReviewer(client, metrics: metrics, logger: logger)
  }

  /// Judges callers by their ServiceAccount tokens.
  func tokens(trustDomain: TrustDomain) throws(Failure) -> ClusterTokens {
    let settings = configuration.identity.tokens
    var rules = ClusterTokens.Rules(
      trustDomain: trustDomain,
      issuer: settings.issuer,
      audiences: settings.audiences
    )
    rules.requireBoundPod = settings.mustBeBound
    do {
      return try ClusterTokens(
        rules,
        keys: keys,
        objects: objects,
        reviewer: reviewer,
        metrics: metrics,
        logger: logger
      )
    } catch {
      throw Failure(.configuration, "identity.tokens: \(error)")
    }
  }

  /// The authority that all replicas share.
  func authority(_ mesh: MeshAuthorityConfiguration, logger: Logger) -> ClusterAuthority {
    let isOurs = configuration.server.webhook.certificateFile == nil
    return ClusterAuthority(
      client: client,
      cluster: ClusterAuthority.Configuration(
        names: names,
        revision: configuration.mesh.revision,
        webhooks: isOurs ? Self.webhooks(ofRevision: configuration.mesh.revision) : nil
      ),
      mesh: mesh,
      cryptography: OpenSSL(),
      openKey: { key throws(KeyError) in try OpenSSL().openKey(key) },
      logger: logger
    )
  }

  /// Tells whoever made a Pod that was not let in why.
  func tell(of refused: RefusedPod) {
    let notice = Notice(
      refused: refused.pod,
      namespace: refused.namespace,
      name: refused.name,
      message: refused.message
    )
    if let notice { refusals.post(notice) }
  }

  /// What the manifests call the MutatingWebhookConfiguration of a revision.
  static func webhooks(ofRevision revision: String) -> String {
    let name = "amesh-sidecar-injector"
    return revision == "default" ? name : "\(name)-\(revision)"
  }

  /// In the order of their start. The client closes last, after all that asks it.
  var services: [any Service] { [client, events, refusals, keys, objects, namespaces, version, reports] }

  /// What has to be heard of the API server before anybody is served.
  var unreadiness: [String] {
    [
      keys.current == nil ? "the keys of the cluster's tokens are not known yet" : nil,
      objects.hasSynced ? nil : "the cluster's Pods and ServiceAccounts are not known yet",
      namespaces.hasSynced ? nil : "the cluster's namespaces are not known yet",
      version.hasSynced ? nil : "the cluster's version is not known yet",
    ].compactMap(\.self)
  }

  /// Who is served all the same, from memory, while the API server is away.
  var degradations: [String] {
    let silence = [objects.silence, namespaces.silence].compactMap(\.self).max() ?? .zero
    var problems = [keys.problem, objects.problem, namespaces.problem, version.problem].compactMap(\.self)
    if problems.isEmpty, silence > Self.longSilence {
      problems = ["nothing was heard of the API server for \(silence)"]
    }
    // They mostly have one cause.
    return problems.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
