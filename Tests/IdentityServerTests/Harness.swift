import CallServer
import CoreMetrics
import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import IdentityServer
import Logging
import NIOSSL
import SecretDiscovery
import SwiftASN1
import SwiftProtobuf
import X509

typealias SDS = Envoy_Service_Secret_V3_SecretDiscoveryService
typealias Client = SDS.Client<HTTP2ClientTransport.Posix>

/// A server on a socket, and a client of another connection, for as long as the body runs.
struct Harness {
  let source = InMemorySecretSource()
  var workloads = WorkloadSource(metrics: WorkloadMetrics(factory: NOOPMetricsHandler.instance))
  var limits = CallLimits()
  /// On a stream of workload discovery.
  var maximumAddresses = 64
  var jitter: @Sendable () -> Double = { 0 }
  var metrics: any MetricsFactory = NOOPMetricsHandler.instance

  static let token: Metadata = ["authorization": "Bearer cart"]

  func overUnixSocket(_ body: (Client) async throws -> Void) async throws {
    try await clientOverUnixSocket { try await body(Client(wrapping: $0)) }
  }

  func clientOverUnixSocket(
    _ body: (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Void
  ) async throws {
    try await onUnixSocket { socket, path in
      let client = try HTTP2ClientTransport.Posix(
        target: .unixDomainSocket(path: path),
        transportSecurity: .plaintext
      )
      try await run(socket, tls: nil, client: client, body)
    }
  }

  /// For peers that are no gRPC clients; the body gets the path of a Unix socket, or a port.
  func serve(overTLS: Bool, _ body: (String) async throws -> Void) async throws {
    if overTLS {
      let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
      try await server(on: socket, tls: Self.tls(TestAuthority())).whileRunning {
        try await body("\(socket.port ?? 0)")
      }
    } else {
      try await onUnixSocket { socket, path in
        try await server(on: socket, tls: nil).whileRunning { try await body(path) }
      }
    }
  }

  private func onUnixSocket(_ body: (ListeningSocket, String) async throws -> Void) async throws {
    let path = "/tmp/amesh-\(UInt64.random(in: 0...UInt64.max)).sock"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(try ListeningSocket(unixPath: path, mode: 0o600), path)
  }

  private struct UntrustedError: Error {}

  func overTLS(
    _ authority: TestAuthority,
    client security: HTTP2ClientTransport.Posix.TransportSecurity,
    _ body: (Client) async throws -> Void
  ) async throws {
    try await overTLS(authority, client: security) { client, _ in try await body(client) }
  }

  /// The body gets the port too.
  func overTLS(
    _ authority: TestAuthority,
    client security: HTTP2ClientTransport.Posix.TransportSecurity,
    _ body: (Client, String) async throws -> Void
  ) async throws {
    let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
    let port = socket.port ?? 0
    let client = try HTTP2ClientTransport.Posix(
      target: .ipv4(address: "127.0.0.1", port: Int(port)),
      transportSecurity: security,
      config: .defaults { $0.http2.authority = "localhost" }
    )
    try await run(socket, tls: Self.tls(authority), client: client) {
      try await body(Client(wrapping: $0), "\(port)")
    }
  }

  private static func tls(_ authority: TestAuthority) throws -> @Sendable () -> ConnectionTLS? {
    let server = try authority.issue("amesh", dnsName: "localhost")
    let configuration = ConnectionTLS.configuration(
      certificateChain: [try NIOSSLCertificate(bytes: Array(server.certificate.utf8), format: .pem)],
      privateKey: try NIOSSLPrivateKey(bytes: Array(server.key.utf8), format: .pem),
      trustRoots: [try NIOSSLCertificate(bytes: Array(authority.certificate.utf8), format: .pem)]
    )
    let root = try Certificate(pemEncoded: authority.certificate)
    return {
      guard let context = try? NIOSSLContext(configuration: configuration) else { return nil }
      return ConnectionTLS(context: context) { chain in
        let leaf = try Certificate(derEncoded: chain.first ?? [])
        guard root.publicKey.isValidSignature(leaf.signature, for: leaf) else { throw UntrustedError() }
      }
    }
  }

  private func run(
    _ socket: ListeningSocket,
    tls: (@Sendable () -> ConnectionTLS?)?,
    client transport: HTTP2ClientTransport.Posix,
    _ body: (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Void
  ) async throws {
    try await server(on: socket, tls: tls).whileRunning {
      try await withGRPCClient(transport: transport) { client in
        try await body(client)
      }
    }
  }

  private func server(on socket: ListeningSocket, tls: (@Sendable () -> ConnectionTLS?)?) -> CallServer {
    let callMetrics = CallServerMetrics(factory: metrics)
    let metrics = IdentityMetrics(factory: metrics)
    let streams = StreamBook(limits: limits, metrics: callMetrics)
    let service = SecretDiscoveryService(
      source: source,
      authentication: NamedCallers(),
      streams: streams,
      identifier: "test",
      metrics: metrics,
      logger: .silent
    )
    let discovery = WorkloadDiscoveryService(
      source: workloads,
      authentication: NamedCallers(),
      streams: streams,
      maximumAddresses: maximumAddresses,
      identifier: "test",
      logger: .silent
    )
    return CallServer(
      socket: socket,
      limits: limits,
      tls: tls,
      metrics: callMetrics,
      jitter: jitter,
      services: [service, discovery]
    )
  }
}

extension HTTP2ClientTransport.Posix.TransportSecurity {
  static func trusting(_ authority: TestAuthority) -> Self {
    .tls { $0.trustRoots = .certificates([.bytes(Array(authority.certificate.utf8), format: .pem)]) }
  }
}

extension CallServer {
  func whileRunning(_ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup { group in
      group.addTask { try await run() }
      try await body()
      beginGracefulShutdown()
      try await group.waitForAll()
    }
  }
}

extension Logger {
  static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}

extension Envoy_Service_Discovery_V3_DiscoveryRequest {
  static func names(_ names: [String], nonce: String = "", error: String? = nil, csr: String? = nil) -> Self {
    .with {
      $0.typeURL = secretTypeURL
      $0.resourceNames = names
      $0.responseNonce = nonce
      if let error { $0.errorDetail.message = error }
      if let csr { $0.node.metadata.fields["amesh.csr"] = Google_Protobuf_Value(stringValue: csr) }
    }
  }
}

extension Envoy_Service_Discovery_V3_DiscoveryResponse {
  /// What a secret says, in one line each.
  var texts: [String] { resources.map { Self.text($0) } }

  static func text(_ resource: Google_Protobuf_Any) -> String {
    guard let secret = try? Envoy_Extensions_TransportSockets_Tls_V3_Secret(serializedBytes: resource.value) else {
      return "not a secret"
    }
    let parts = [
      secret.tlsCertificate.certificateChain.inlineBytes, secret.tlsCertificate.privateKey.inlineBytes,
      secret.validationContext.trustedCa.inlineBytes,
    ]
    let said = parts.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
    return "\(secret.name): \(said.joined(separator: ", "))"
  }
}
