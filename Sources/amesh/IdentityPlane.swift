import CallServer
import CallerAuthentication
import CertificateAuthority
import CertificateCustody
import ClusterIdentity
import CoreMetrics
import Foundation
import Glibc
import IdentityServer
import Injection
import Logging
import MeshAuthority
import MeshConfiguration
import Metrics
import OpenSSLKeys
import SPIFFE
import ServiceLifecycle
import WorkloadDiscovery

/// The certificate authority of `amesh serve` and how workloads reach it.
struct IdentityPlane {
  let held: HeldAuthority
  let issuer: WorkloadIssuer
  /// What other services of sidecars are served by.
  let authentication: IdentityAuthentication
  let streams: StreamBook
  let limits: CallLimits
  let metrics: CallServerMetrics
  let serving: ServingTLS
  /// This process among those that share the authority.
  let replica: String
  /// In the order of their start; the last one is told to end first.
  private(set) var services: [any Service] = []
  private let socketPath: String?

  /// Opens the custody, makes what is missing and listens: when it returns, certificates can be had.
  ///
  /// - Parameters:
  ///   - cluster: that it is part of; nil without one.
  ///   - connections: that each listener takes, at most those of the configuration.
  /// - Throws: what keeps it from that, in words of the configuration.
  init(
    _ configuration: Configuration,
    cluster: ClusterPlane?,
    connections: Int,
    metrics factory: any MetricsFactory,
    logger: Logger
  ) async throws(Failure) {
    let (server, identity) = (configuration.server, configuration.identity)
    replica = Replica.name()
    let trustDomain = try Self.trustDomain(configuration.mesh.trustDomain)
    socketPath = identity.socket.map { "\(server.stateDirectory)/\($0)" }
    metrics = CallServerMetrics(factory: factory)
    let identityMetrics = IdentityMetrics(factory: factory)
    let audit = try Self.audit(server, identity, metrics: identityMetrics, logger: logger)
    let reloadFailures = Counter(label: "amesh_identity_reload_failures_total", factory: factory)

    let mesh = Self.authority(configuration, trustDomain: trustDomain, replica: replica)
    let authorityLogger = Logger(label: "authority")
    if let cluster {
      held = .shared(in: cluster, mesh, logger: authorityLogger)
    } else {
      held = try .standalone(configuration, mesh, reloadFailures: reloadFailures, logger: authorityLogger)
    }
    let authority = held.authority
    issuer = WorkloadIssuer(
      authority: authority,
      cryptography: OpenSSL(),
      refusesForeignNames: identity.strictRequests,
      audit: audit,
      metrics: identityMetrics
    )
    serving = ServingTLS(
      authority: authority,
      cryptography: OpenSSL(),
      names: identity.certificateNames(controlPlaneNamespace: configuration.mesh.controlPlane.namespace),
      metrics: identityMetrics,
      logger: logger
    )
    let renewal = RenewalByCertificate(trustDomain: trustDomain, roots: [])
    renewal.follow(authority)
    let credentials = try CallerCredentials(
      identity.tokens,
      trustDomain: trustDomain,
      cluster: try cluster?.tokens(trustDomain: trustDomain),
      logger: logger,
      onFailure: { reloadFailures.increment() }
    )
    if credentials.methods.isEmpty {
      logger.warning(
        "No workload can authenticate by a token: set identity.tokens.keysFile or identity.tokens.staticFile, or identity.enabled: false"
      )
    }
    var sourceConfiguration = AuthoritySecretSource.Configuration()
    sourceConfiguration.serverGeneratedKeys = identity.serverGeneratedKeys == .allow
    sourceConfiguration.streamLifetime = StreamLifetime(afterExpiry: .seconds(identity.limits.streamSeconds))
    if let cluster { sourceConfiguration.hasEnded = { cluster.objects.hasEnded($0) } }
    let source = AuthoritySecretSource(issuer: issuer, configuration: sourceConfiguration, logger: logger)
    cluster?.objects.onEnd { [weak source] ended in
      source?.end { caller in ended.contains { $0.ends(caller) } }
    }
    let workloads = Self.workloads(sourceConfiguration, cluster: cluster, factory)
    authentication = IdentityAuthentication(
      Authenticator(credentials.methods + [renewal]),
      audit: audit,
      metrics: identityMetrics,
      logger: logger
    )
    let bundleFile = TrustBundleFile(
      path: try Self.bundlePath(server),
      authority: authority,
      logger: logger
    )

    if cluster == nil { try await Self.firstLook(authority, serving, logger) }
    if let signing = authority.signing { try bundleFile.write(signing) }

    services =
      held.services + [
        bundleFile, credentials, serving,
        AdministrationSocketService(server, held, issuer: issuer),
      ]
    var limits = Self.limits(identity.limits)
    limits.maximumConnections = connections
    self.limits = limits
    streams = StreamBook(limits: limits, metrics: metrics)
    let callServices: [any CallService] = [
      SecretDiscoveryService(
        source: source,
        authentication: authentication,
        streams: streams,
        identifier: replica,
        metrics: identityMetrics,
        logger: logger
      ),
      CertificateSigningService(
        issuer: issuer,
        authentication: authentication,
        streams: streams,
        width: ProcessInfo.processInfo.activeProcessorCount,
        logger: logger
      ),
      WorkloadDiscoveryService(
        source: workloads,
        authentication: authentication,
        streams: streams,
        identifier: replica,
        logger: logger
      ),
    ]
    let servers = try sockets(identity, logger: logger).map { socket, tls in
      CallServer(
        socket: socket,
        limits: limits,
        tls: tls,
        metrics: metrics,
        jitter: { Double.random(in: -1...1) },
        services: callServices
      )
    }
    services.append(CallServers(servers))
    // Told first: its streams end, so that clients go elsewhere before the servers close.
    services += [workloads, source]
  }

  /// Once nobody listens on it any more.
  func removeSocket() {
    if let socketPath { unlink(socketPath) }
  }

  /// Why nobody should come for certificates.
  var unreadiness: [String] {
    var reasons: [String] = []
    if !held.authority.isReady(now: Date()) {
      let problem = held.authority.problem.map { ": \($0)" } ?? ""
      reasons.append("the certificate authority can't issue\(problem)")
    }
    if !serving.isReady { reasons.append("the identity server has no certificate") }
    return reasons + held.unreadiness()
  }
}

extension IdentityPlane {
  private static func trustDomain(_ name: String) throws(Failure) -> TrustDomain {
    do {
      return try TrustDomain(name)
    } catch {
      throw Failure(.configuration, "mesh.trustDomain: \(error)")
    }
  }

  /// Without a cluster there are no Pods: it knows nobody, and says so.
  private static func workloads(
    _ source: AuthoritySecretSource.Configuration,
    cluster: ClusterPlane?,
    _ factory: any MetricsFactory
  ) -> WorkloadSource {
    var configuration = WorkloadSource.Configuration()
    configuration.streamLifetime = source.streamLifetime
    configuration.hasEnded = source.hasEnded
    if let cluster { configuration.waitUntilSynced = { try await cluster.objects.waitUntilSynced() } }
    let workloads = WorkloadSource(configuration: configuration, metrics: WorkloadMetrics(factory: factory))
    cluster?.objects.onEndpoints { [weak workloads] in workloads?.take($0) }
    cluster?.objects.onEnd { [weak workloads] ended in
      workloads?.end { caller in ended.contains { $0.ends(caller) } }
    }
    return workloads
  }

  private static func authority(
    _ configuration: Configuration,
    trustDomain: TrustDomain,
    replica: String
  ) -> MeshAuthorityConfiguration {
    var authority = MeshAuthorityConfiguration(
      trustDomain: trustDomain,
      policy: configuration.identity.rotation,
      replica: replica
    )
    authority.dnsNames = configuration.identity.leaf.dnsNames
    return authority
  }

  private static func audit(
    _ server: ServerSettings,
    _ identity: IdentitySettings,
    metrics: IdentityMetrics,
    logger: Logger
  ) throws(Failure) -> AuditLog {
    guard let name = identity.auditFile else { return .logger(Logger(label: "audit"), metrics: metrics) }
    do {
      return try .file("\(server.stateDirectory)/\(name)", logger: logger, metrics: metrics)
    } catch {
      throw Failure(.configuration, "identity.auditFile: \(error)")
    }
  }

  /// Of the file with the bundle, in a directory of its own: it may be shown to others, the rest of the state may not.
  private static func bundlePath(_ server: ServerSettings) throws(Failure) -> String {
    let directory = "\(server.stateDirectory)/identity"
    guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
      throw Failure(
        .cannotCreate,
        "server.stateDirectory: \(directory) can't be made: \(String(cString: strerror(errno)))"
      )
    }
    return "\(directory)/root-cert.pem"
  }

  private static func limits(_ settings: IdentitySettings.Limits) -> CallLimits {
    var limits = CallLimits()
    limits.maximumConnectionsPerAddress = settings.connectionsPerAddress
    limits.maximumStreams = settings.streams
    limits.maximumStreamsPerIdentity = settings.streamsPerIdentity
    limits.maximumStreamsPerPod = settings.streamsPerPod
    limits.maximumStreamsPerConnection = settings.streamsPerConnection
    limits.maximumConnectionAge = .seconds(settings.connectionAgeSeconds)
    return limits
  }

  /// What is wrong with the authority's state is told before anything listens.
  private static func firstLook(
    _ authority: MeshAuthority,
    _ serving: ServingTLS,
    _ logger: Logger
  ) async throws(Failure) {
    do {
      _ = try await authority.look(now: Date(), observe: authority.observeAlone)
      try serving.refresh(now: Date())
    } catch {
      throw Failure(.configuration, "identity: \(error)")
    }
    guard let signing = authority.signing else { return }
    logger.info(
      "The certificate authority is up",
      metadata: [
        "trustDomain": "\(signing.bundle.trustDomain.name)",
        "issuer": "\(signing.issuer.certificate)",
        "roots": "\(signing.bundle.authorities.count)",
      ]
    )
  }

  private func sockets(
    _ identity: IdentitySettings,
    logger: Logger
  ) throws(Failure) -> [(ListeningSocket, (@Sendable () -> ConnectionTLS?)?)] {
    var sockets: [(ListeningSocket, (@Sendable () -> ConnectionTLS?)?)] = []
    if let path = socketPath {
      do throws(ListeningSocketError) {
        // Callers show a token here too, so it is not the mode that keeps strangers out.
        sockets.append((try ListeningSocket(unixPath: path, mode: 0o666), nil))
      } catch {
        throw Failure(.unavailable, "identity.socket: \(error)")
      }
      logger.info("listening on a Unix socket", metadata: ["path": "\(path)"])
    }
    let place = ListeningPlace(
      key: "identity",
      flag: "--identity-port",
      address: identity.address,
      port: identity.port
    )
    do throws(ListeningSocketError) {
      // A name needs a resolver; this one has an address that everybody knows.
      let host = place.address == "localhost" ? "127.0.0.1" : place.address
      let socket = try ListeningSocket(host: host, port: UInt16(clamping: place.port))
      sockets.append((socket, { [serving] in serving.connection() }))
      logger.info(
        "listening",
        metadata: ["address": "\(place.address)", "port": .stringConvertible(Int(socket.port ?? 0))]
      )
    } catch {
      throw place.failure(error.code)
    }
    return sockets
  }
}
