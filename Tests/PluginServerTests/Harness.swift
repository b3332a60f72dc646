import CallServer
import CallerAuthentication
import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import KubernetesObjects
import Logging
import MetricsTestKit
import NIOConcurrencyHelpers
import PluginConfiguration
import PluginServer
import SPIFFE
import SwiftProtobuf

typealias AmeshService = Ai_Api7_Amesh_Proto_V1_AmeshService
typealias Transport = HTTP2ClientTransport.Posix

/// A server on a Unix socket and the hub that it streams from.
struct Harness {
  var limits = CallLimits()
  var isOpen = false
  let hub = PluginHub()
  let metrics = TestMetrics()

  static let web = PluginIndex.Pod(namespace: "shop", name: "web")

  func run(_ body: (AmeshService.Client<Transport>, GRPCClient<Transport>) async throws -> Void) async throws {
    try await serving { _, transport in
      try await withGRPCClient(transport: transport()) { try await body(AmeshService.Client(wrapping: $0), $0) }
    }
  }

  /// For those who end the server, or need several connections.
  func serving(_ body: (CallServer, () throws -> Transport) async throws -> Void) async throws {
    let path = "/tmp/amesh-\(UInt64.random(in: 0...UInt64.max)).sock"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let socket = try ListeningSocket(unixPath: path, mode: 0o600)
    let identity = CallServerMetrics(factory: metrics)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let service = PluginService(
      hub,
      access: isOpen
        ? .open(maximumStreams: limits.maximumStreams)
        : .authenticated(Callers(), StreamBook(limits: limits, metrics: identity)),
      metrics: PluginServerMetrics(factory: metrics),
      logger: logger
    )
    let server = CallServer(
      socket: socket,
      limits: limits,
      tls: nil,
      metrics: identity,
      jitter: { 0 },
      services: [service]
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      try await body(server) {
        try Transport(target: .unixDomainSocket(path: path), transportSecurity: .plaintext)
      }
      server.beginGracefulShutdown()
      try await group.waitForAll()
    }
  }

  /// What the mesh knows: the Pod `shop/web` and one config for it.
  func begin(_ configs: [PluginConfig] = [Self.config("add-header")]) {
    hub.take([(Self.web, ["app": "web"])])
    hub.take(configs.map { ($0.key, $0) })
    hub.becomeReady()
  }

  static func config(_ name: String, generation: Int = 1, targets: [PluginTarget] = []) -> PluginConfig {
    PluginConfig(
      key: PluginConfigKey(namespace: "shop", name: name),
      uid: name,
      generation: generation,
      targets: targets,
      plugins: [PluginEntry(name, ["number": .number(JSONNumber(generation))])]
    )
  }

  func change(_ config: PluginConfig) { hub.take([(config.key, config)]) }

  func count(_ name: String, _ dimensions: [(String, String)] = []) throws -> Int64 {
    try metrics.expectCounter(name, dimensions).totalValue
  }
}

/// A token is NAMESPACE/POD of the Pod that it is bound to; `free` is bound to none.
struct Callers: CallerAuthentication {
  static func metadata(_ token: String = "shop/web") -> Metadata { ["authorization": "Bearer \(token)"] }

  func caller(_ evidence: CallerEvidence) async -> Caller? {
    guard let token = evidence.authorization.first?.dropFirst("Bearer ".count) else { return nil }
    let parts = token.split(separator: "/")
    guard let namespace = parts.first, let trustDomain = try? TrustDomain("mesh.test"),
      let identity = try? WorkloadIdentity(
        trustDomain: trustDomain,
        namespace: parts.count == 2 ? String(namespace) : "shop",
        serviceAccount: "default"
      )
    else { return nil }
    return Caller(
      identity: identity,
      method: .serviceAccountToken,
      lastTokenAuthentication: .now,
      credentialExpiry: nil,
      credentialHash: CredentialHash(of: Array(token.utf8)),
      pod: parts.count == 2 ? Caller.BoundObject(name: String(parts[1]), uid: String(token)) : nil
    )
  }
}

extension Ai_Api7_Amesh_Proto_V1_PluginsRequest {
  static func of(_ instance: String = "shop/web", knowsTargets: Bool = true) -> Self {
    .with {
      $0.instance.key = instance
      $0.knowsTargets = knowsTargets
    }
  }
}

extension Ai_Api7_Amesh_Proto_V1_PluginsResponse {
  /// Each config's name with its plugins.
  var texts: [String] {
    plugins.map { config in
      let plugins = config.plugins.map { "\($0.name) \($0.config)" }
      return "\(config.name): \(plugins.joined(separator: ", "))"
    }
  }
}

/// The stream of `shop/web`, as it comes; the stream is over when `body` returns.
func stream(
  _ client: AmeshService.Client<Transport>,
  _ request: Ai_Api7_Amesh_Proto_V1_PluginsRequest = .of(),
  _ metadata: Metadata = Callers.metadata(),
  _ body: @escaping @Sendable (inout Responses) async throws -> Void
) async throws {
  try await client.streamPlugins(request, metadata: metadata) { response in
    var responses = Responses(response.messages)
    try await body(&responses)
  }
}

struct Responses {
  private var iterator: RPCAsyncSequence<Ai_Api7_Amesh_Proto_V1_PluginsResponse, any Error>.AsyncIterator

  init(_ messages: RPCAsyncSequence<Ai_Api7_Amesh_Proto_V1_PluginsResponse, any Error>) {
    iterator = messages.makeAsyncIterator()
  }

  struct Over: Error {}

  mutating func next() async throws -> Ai_Api7_Amesh_Proto_V1_PluginsResponse {
    guard let next = try await iterator.next(isolation: #isolation) else { throw Over() }
    return next
  }
}
