import FoundationEssentials
import HummingbirdCore
package import KubernetesObjects
package import Logging
import NIOCore
package import NIOPosix
import ServiceLifecycle
import ServingCertificate

/// The HTTPS server that answers admission reviews.
///
/// On graceful shutdown it first calls `onDraining` (readiness goes), serves on for the drain's delay while asking
/// clients to go elsewhere, then closes its listener and ends when every request that it accepted has its answer, or at
/// the drain's deadline.
package struct WebhookServer: Service {
  private let injector: CurrentInjector
  private let namespaces: any NamespaceSource
  private let certificates: ServingCertificateStore
  private let configuration: WebhookConfiguration
  private let metrics: WebhookMetrics
  private let logger: Logger
  private let eventLoopGroup: MultiThreadedEventLoopGroup
  /// What request bodies take now.
  package let bodyBudget: BodyBudget
  private let onListening: @Sendable (_ port: Int) -> Void
  private let onDraining: @Sendable () -> Void
  private let judgePlugins: (@Sendable (AdmissionReview) -> AdmissionResponse)?
  private let onDenial: @Sendable (RefusedPod) -> Void

  /// - Parameters:
  ///   - onListening: called once with the port that is bound, which matters when the configured one is 0.
  ///   - onDraining: called once when graceful shutdown begins.
  ///   - judgePlugins: answers about AmeshPluginConfigs, see `/validate/plugins`; nil where nobody does.
  ///   - onDenial: called with each Pod that is not let in, on the event loop that answers: it has to return at once.
  package init(
    injector: CurrentInjector,
    namespaces: any NamespaceSource,
    certificates: ServingCertificateStore,
    configuration: WebhookConfiguration = WebhookConfiguration(),
    metrics: WebhookMetrics = WebhookMetrics(),
    logger: Logger,
    eventLoopGroup: MultiThreadedEventLoopGroup = .singleton,
    onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in },
    onDraining: @escaping @Sendable () -> Void = {},
    judgePlugins: (@Sendable (AdmissionReview) -> AdmissionResponse)? = nil,
    onDenial: @escaping @Sendable (RefusedPod) -> Void = { _ in }
  ) {
    self.injector = injector
    self.namespaces = namespaces
    self.certificates = certificates
    self.configuration = configuration
    bodyBudget = BodyBudget(bytes: configuration.bodyBudgetBytes)
    self.metrics = metrics
    self.logger = logger
    self.eventLoopGroup = eventLoopGroup
    self.onListening = onListening
    self.onDraining = onDraining
    self.judgePlugins = judgePlugins
    self.onDenial = onDenial
  }

  package func run() async throws {
    let openFiles = OpenFileLimit.raise()
    if openFiles < configuration.maximumConnections {
      logger.warning(
        "Fewer files may be open than connections are allowed",
        metadata: ["open-files": "\(openFiles)", "connections": "\(configuration.maximumConnections)"]
      )
    }
    metrics.configurationChanged(to: injector.generation)
    metrics.certificateExpires(at: certificates.certificate.notValidAfter.timeIntervalSince1970)
    let state = ServerState(metrics: metrics)
    let server = makeServer(state)
    // Detached, because Hummingbird closes its listener as soon as its task is told to shut down gracefully, and we have
    // other things to do before that.
    let serving = Task.detached { try await server.run() }
    try await withTaskCancellationHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await drain(server, state) }
        defer { group.cancelAll() }
        try await serving.value
      }
    } onCancel: {
      serving.cancel()
    }
  }

  private func makeServer(_ state: ServerState) -> Server<WebhookChannel> {
    let channel = WebhookChannel(
      service: ReviewService(
        injector: injector,
        namespaces: namespaces,
        metrics: metrics,
        logger: logger,
        judgePlugins: judgePlugins,
        onDenial: onDenial
      ),
      budget: bodyBudget,
      certificates: certificates,
      server: state,
      configuration: configuration,
      metrics: metrics
    )
    // Hummingbird tells each start too.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .notice)
    return Server(
      childChannelSetup: channel,
      configuration: ServerConfiguration(
        address: .hostname(configuration.host, port: configuration.port),
        backlog: configuration.backlog,
        availableConnectionsDelegate: MaximumAvailableConnections(configuration.maximumConnections, logger: logger)
      ),
      onServerRunning: { [onListening] channel in onListening(channel.localAddress?.port ?? 0) },
      eventLoopGroup: eventLoopGroup,
      logger: quiet
    )
  }

  /// Waits for graceful shutdown, then leaves step by step.
  private func drain(_ server: Server<WebhookChannel>, _ state: ServerState) async throws {
    try await gracefulShutdown()
    onDraining()
    state.enter(.draining)
    // HTTP/2 clients get their GOAWAY now and open new streams over new connections; HTTP/1.1 waits for its next answer.
    for connection in state.connections {
      connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
    logger.info("Draining", metadata: ["connections": "\(state.connections.count)"])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await Task.sleep(for: configuration.drain.deadline)
        let connections = state.connections
        logger.warning("Closing what is still open", metadata: ["connections": "\(connections.count)"])
        for connection in connections { connection.close(mode: .all, promise: nil) }
      }
      try await Task.sleep(for: configuration.drain.delay)
      state.enter(.closing)
      try await server.shutdownGracefully()
      group.cancelAll()
    }
  }
}
