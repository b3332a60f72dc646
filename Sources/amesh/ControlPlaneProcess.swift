import AdmissionWebhook
import ControlPlane
import Foundation
import Glibc
import Injection
import KubernetesObjects
import Logging
import MeshConfiguration
import Metrics
import Observability
import ServiceLifecycle
import ServingCertificate
import Synchronization
import UnixSignals

/// The parts of `amesh serve` and how they hang together.
struct ControlPlaneProcess {
  let source: ConfigurationSource
  let loaded: LoadedConfiguration
  /// Of the configuration file.
  let text: [UInt8]?

  private var configuration: Configuration { loaded.configuration }
  private var server: ServerSettings { loaded.configuration.server }

  /// Runs until a signal ends it.
  /// - Throws: ``Failure`` when it cannot do its work.
  func run() async throws {
    // A reader that has gone is an error of that write, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let ending = Ending()
    let metrics = PrometheusMetrics(help: MetricHelp.texts)
    MetricsSystem.bootstrap(metrics)
    ServeLogging.bootstrap(server.log)
    let logger = Logger(label: "amesh")
    logger.info(
      "starting",
      metadata: [
        "version": .string(Version.current),
        "config": .string(source.file?.path ?? "defaults"),
        "hash": .string(configuration.meshHash),
      ]
    )
    for warning in loaded.warnings { logger.warning("\(warning)") }
    if let problem = KeyMemory.protect() {
      logger.warning("keys may end up in core dumps", metadata: ["error": "\(problem)"])
    }
    try StateDirectory.prepare(server.stateDirectory)
    let lock = try StateDirectory.take(server.stateDirectory)
    defer { withExtendedLifetime(lock) {} }

    let shares = shares(limit: OpenFileLimit.raise())
    if let warning = shares.warning { logger.warning("\(warning)") }

    let current = CurrentConfiguration(configuration)
    let cluster =
      server.mode == .kubernetes
      ? try ClusterPlane(
        current,
        environment: ProcessInfo.processInfo.environment,
        metrics: metrics,
        logger: Logger(label: "cluster")
      ) : nil
    let identity =
      configuration.identity.isEnabled
      ? try await IdentityPlane(
        configuration,
        cluster: cluster,
        connections: shares.identity,
        metrics: metrics,
        logger: Logger(label: "identity")
      ) : nil
    let rules = PluginRules(configuration.plugins, metrics: metrics, logger: Logger(label: "plugins"))
    let plugins = try plugins(rules, cluster, identity, connections: shares.identity, metrics)
    let mesh = ServedMesh(current, cluster: cluster?.version)
    let webhookMetrics = WebhookMetrics(factory: metrics)
    let certificates = try ServingCertificates(server: server, mesh: configuration.mesh, logger: logger)
    let renewal = renewal(certificates, of: identity, webhookMetrics)
    let readiness = Readiness(
      others: {
        let reasons = (cluster?.unreadiness ?? []) + (identity?.unreadiness ?? [])
        guard let renewal, !renewal.isReady else { return reasons }
        return reasons + ["the webhook has no certificate of the mesh's yet"]
      },
      degradations: { (cluster?.degradations ?? []) + (identity?.held.degradations() ?? []) }
    )
    let gauges = identity.map {
      AuthorityGauges(authority: $0.held.authority, figures: $0.held.figures, factory: metrics)
    }
    Gauge(label: "amesh_build_info", dimensions: [("version", Version.current)]).record(1)

    // The last one is told to end first; the admin port stays until all the others have gone.
    var services: [any Service] = [
      EndingSignals(signals) { await ending.begin() },
      AdminServer.service(
        settings: server.admin,
        pages: AdminPages(
          metrics: metrics,
          readiness: readiness,
          configuration: current,
          beforeScrape: { gauges?.record() }
        ),
        logger: Logger(label: "admin")
      ),
    ]
    services += cluster?.services ?? []
    services += identity?.services ?? []
    services += plugins?.services ?? [rules]
    let watcher = certificates.watcher(metrics: webhookMetrics, logger: Logger(label: "certificate"))
    let followers: [(any Service)?] = [watcher, renewal, self.watcher(current, mesh, webhookMetrics)]
    services += followers.compactMap(\.self)
    services.append(
      webhook(mesh, cluster, certificates.store, rules, webhookMetrics, readiness, connections: shares.webhook)
    )
    var group = ServiceGroupConfiguration(
      services: services,
      logger: Logger(label: "services")
    )
    // The webhook and the identity server keep deadlines of their own; this is for what else may hang.
    group.maximumGracefulShutdownDuration = .seconds(server.shutdown.timeoutSeconds + 15)
    let all = ServiceGroup(configuration: group)
    ending.group.withLock { $0 = all }
    try await all.run()
    identity?.removeSocket()
    logger.info("ended")
  }

  /// The group that a signal ends, once it is there.
  private final class Ending: Sendable {
    let group = Mutex<ServiceGroup?>(nil)

    func begin() async { await group.withLock({ $0 })?.triggerGracefulShutdown() }
  }

  private func shares(limit: Int) -> ConnectionShares {
    let identity = configuration.identity
    return ConnectionShares(
      limit: limit,
      webhook: server.webhook.maximumConnections,
      identity: identity.limits.connections,
      listeners: identity.isEnabled ? (identity.socket == nil ? 1 : 2) + (servesPlugins ? 1 : 0) : 0
    )
  }

  /// Who asks is known by the authority, and what for by the cluster.
  private var servesPlugins: Bool {
    configuration.plugins.isEnabled && configuration.identity.isEnabled && server.mode == .kubernetes
  }

  private func plugins(
    _ rules: PluginRules,
    _ cluster: ClusterPlane?,
    _ identity: IdentityPlane?,
    connections: Int,
    _ metrics: any MetricsFactory
  ) throws(Failure) -> PluginPlane? {
    guard servesPlugins, let cluster, let identity else { return nil }
    return try PluginPlane(
      configuration,
      rules: rules,
      cluster: cluster,
      identity: identity,
      connections: connections,
      metrics: metrics,
      logger: Logger(label: "plugins")
    )
  }

  /// In a cluster the mesh's own authority issues the webhook's certificate, unless there are files of somebody else's.
  private func renewal(
    _ certificates: ServingCertificates,
    of identity: IdentityPlane?,
    _ metrics: WebhookMetrics
  ) -> ServingCertificateRenewal? {
    guard server.mode == .kubernetes, let identity, server.webhook.certificateFile == nil else { return nil }
    return certificates.renewal(
      by: identity.held.authority,
      names: server.certificateNames(controlPlaneNamespace: configuration.mesh.controlPlane.namespace),
      metrics: metrics,
      logger: Logger(label: "certificate")
    )
  }

  private func watcher(
    _ current: CurrentConfiguration,
    _ mesh: ServedMesh,
    _ metrics: WebhookMetrics
  ) -> ConfigurationWatcher? {
    guard let file = source.file else { return nil }
    return ConfigurationWatcher(
      source: source,
      file: file,
      initial: text ?? [],
      current: current,
      failures: Counter(label: "amesh_configuration_reload_failures_total"),
      logger: Logger(label: "configuration"),
      apply: { _ in metrics.configurationChanged(to: mesh.refresh()) }
    )
  }

  private func webhook(
    _ mesh: ServedMesh,
    _ cluster: ClusterPlane?,
    _ certificates: ServingCertificateStore,
    _ rules: PluginRules,
    _ metrics: WebhookMetrics,
    _ readiness: Readiness,
    connections: Int
  ) -> any Service {
    var configuration = WebhookConfiguration()
    configuration.host = server.webhook.address
    configuration.port = server.webhook.port
    configuration.maximumBodyBytes = server.webhook.maximumBodyBytes
    configuration.maximumConnections = connections
    configuration.timeouts.idle = .seconds(server.webhook.idleTimeoutSeconds)
    configuration.timeouts.request = .seconds(server.webhook.readTimeoutSeconds)
    configuration.drain.delay = .seconds(server.shutdown.delaySeconds)
    configuration.drain.deadline = .seconds(server.shutdown.timeoutSeconds)
    let logger = Logger(label: "webhook")
    let namespaces: any NamespaceSource =
      if let cluster {
        ClusterNamespaceSource(namespaces: cluster.namespaces)
      } else {
        StaticNamespaces(Array(server.namespaces.values))
      }
    let address = server.webhook.address
    let judgesPlugins = server.mode == .kubernetes && self.configuration.plugins.isEnabled
    let judge = { @Sendable (review: AdmissionReview) -> AdmissionResponse in rules.judge(review) }
    let webhook = WebhookServer(
      injector: mesh.injector,
      namespaces: namespaces,
      certificates: certificates,
      configuration: configuration,
      metrics: metrics,
      logger: logger,
      onListening: { port in
        readiness.remove(.starting)
        logger.info("listening", metadata: ["address": .string(address), "port": .stringConvertible(port)])
        StartupMemory.release()
      },
      onDraining: { readiness.add(.shuttingDown) },
      judgePlugins: judgesPlugins ? judge : nil,
      onDenial: { cluster?.tell(of: $0) }
    )
    return ListeningService(
      server: webhook,
      place: ListeningPlace(key: "server.webhook", flag: "--webhook-port", address: address, port: server.webhook.port)
    )
  }
}
