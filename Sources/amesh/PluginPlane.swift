import CallServer
import CertificateAuthority
import ClusterIdentity
import ControlPlane
import CoreMetrics
import Foundation
import IdentityServer
import Injection
import Logging
import MeshAuthority
import MeshConfiguration
import PluginConfiguration
import PluginControl
import PluginServer
import ServiceLifecycle

/// How sidecars get their plugins from `amesh serve`: what the cluster has, matched, streamed, and told of in statuses.
struct PluginPlane {
  /// In the order of their start; the last one is told to end first.
  let services: [any Service]

  /// Listens when it returns.
  ///
  /// - Parameter connections: that the listener takes.
  init(
    _ configuration: Configuration,
    rules: PluginRules,
    cluster: ClusterPlane,
    identity: IdentityPlane,
    connections: Int,
    metrics factory: any MetricsFactory,
    logger: Logger
  ) throws(Failure) {
    let (settings, held) = (configuration.plugins, identity.held)
    let (hub, bell) = (PluginHub(), PluginBell())
    cluster.objects.onLabels { changes in
      hub.take(
        changes.map { (pod: PluginIndex.Pod(namespace: $0.namespace, name: $0.name), labels: $0.labels) }
      )
    }
    let objects = cluster.objects
    let watch = PluginConfigWatch(
      client: cluster.client,
      hub: hub,
      check: rules.check,
      waitForPods: { try await objects.waitUntilSynced() },
      onChange: { bell.ring() },
      logger: logger
    )
    rules.onChange { watch.replace($0) }
    let reports = PluginReports(
      client: cluster.client,
      namespace: cluster.names.namespace,
      replica: identity.replica,
      live: held.replicas,
      onChange: { bell.ring() },
      logger: logger
    )
    let events = cluster.events
    let keeper = PluginStatusKeeper(
      client: cluster.client,
      hub: hub,
      watch: watch,
      reports: reports,
      bell: bell,
      leads: held.leads,
      now: { Date().formatted(.iso8601) },
      onNotice: { events.post(Notice($0)) },
      metrics: factory,
      logger: logger
    )
    let authority = held.authority
    let webhook = WebhookPatcher(
      client: cluster.client,
      kind: .plugins,
      name: "amesh-plugin-validator",
      revision: configuration.mesh.revision,
      roots: { authority.signing?.bundle.pem },
      logger: logger
    )
    authority.onChange { [webhook] _ in webhook.look() }
    var limits = identity.limits
    limits.maximumConnections = connections
    let service = PluginService(
      hub,
      access: settings.isPlaintext
        ? .open(maximumStreams: limits.maximumStreams) : .authenticated(identity.authentication, identity.streams),
      metrics: PluginServerMetrics(factory: factory),
      logger: logger
    )
    let serving = identity.serving
    let tls = { @Sendable () -> ConnectionTLS? in serving.connection() }
    let server = CallServer(
      socket: try Self.socket(settings, logger: logger),
      limits: limits,
      tls: settings.isPlaintext ? nil : tls,
      metrics: identity.metrics,
      jitter: { Double.random(in: -1...1) },
      services: [service]
    )
    services = [rules, watch, reports, keeper, webhook, server]
  }

  private static func socket(_ settings: PluginSettings, logger: Logger) throws(Failure) -> ListeningSocket {
    let place = ListeningPlace(
      key: "plugins",
      flag: "--plugin-port",
      address: settings.address,
      port: settings.port
    )
    do throws(ListeningSocketError) {
      // A name needs a resolver; this one has an address that everybody knows.
      let host = place.address == "localhost" ? "127.0.0.1" : place.address
      let socket = try ListeningSocket(host: host, port: UInt16(clamping: place.port))
      logger.info(
        "listening",
        metadata: ["address": "\(place.address)", "port": .stringConvertible(Int(socket.port ?? 0))]
      )
      return socket
    } catch {
      throw place.failure(error.code)
    }
  }
}

extension Notice {
  fileprivate init(_ notice: PluginNotice) {
    let subject = EventSubject(
      apiVersion: PluginConfig.apiVersion,
      kind: PluginConfig.kind,
      namespace: notice.key.namespace,
      name: notice.key.name,
      uid: notice.uid
    )
    self.init(subject, reason: notice.reason, message: notice.message)
  }
}
