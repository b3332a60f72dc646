import AdmissionWebhook
import FoundationEssentials
import Injection
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import ServingCertificate
import Synchronization

/// A webhook that listens on loopback, with the means to talk to it and to end it.
struct RunningWebhook: Sendable {
  let port: Int
  let authorityPEM: String
  let certificates: ServingCertificateStore
  let injector: CurrentInjector
  let metrics: RecordingMetrics
  let bodyBudget: BodyBudget
  let shutDown: @Sendable () async -> Void

  /// TLS for a client that trusts the webhook's own authority.
  func clientTLS(applicationProtocols: [String] = ["http/1.1"]) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authorityPEM.utf8)))
    configuration.applicationProtocols = applicationProtocols
    return configuration
  }
}

/// Runs a webhook while `body` runs, then shuts it down gracefully and waits for its end.
func withWebhook<Result: Sendable>(
  _ configure: (inout WebhookConfiguration) -> Void = { _ in },
  namespaces: any NamespaceSource = StaticNamespaces(),
  _ body: @Sendable (RunningWebhook) async throws -> Result
) async throws -> Result {
  var configuration = WebhookConfiguration()
  configuration.port = 0
  configuration.drain.delay = .zero
  configuration.drain.idleGrace = .milliseconds(200)
  configuration.timeouts.linger = .milliseconds(500)
  configure(&configuration)
  let made = try SelfSignedServingCertificate.make(names: ["localhost", "127.0.0.1"], now: Date(), validity: 3600)
  let certificates = try ServingCertificateStore(made.certificate)
  let injector = CurrentInjector(Injector(settings: MeshSettings()))
  let metrics = RecordingMetrics()
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  let (ports, listening) = AsyncStream.makeStream(of: Int.self)
  let server = WebhookServer(
    injector: injector,
    namespaces: namespaces,
    certificates: certificates,
    configuration: configuration,
    metrics: WebhookMetrics(factory: metrics),
    logger: logger,
    onListening: { listening.yield($0) }
  )
  let group = ServiceGroup(services: [server], logger: logger)
  return try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask {
      defer { listening.finish() }
      try await group.run()
    }
    guard let port = await ports.first(where: { _ in true }) else {
      try await tasks.waitForAll()
      throw CancellationError()
    }
    let webhook = RunningWebhook(
      port: port,
      authorityPEM: made.authorityPEM,
      certificates: certificates,
      injector: injector,
      metrics: metrics,
      bodyBudget: server.bodyBudget,
      shutDown: { await group.triggerGracefulShutdown() }
    )
    do {
      let result = try await body(webhook)
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      return result
    } catch {
      await group.triggerGracefulShutdown()
      throw error
    }
  }
}
