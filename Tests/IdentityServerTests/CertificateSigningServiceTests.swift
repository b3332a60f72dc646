import CallServer
import CallerAuthentication
import CertificateAuthority
import Crypto
import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import MeshAuthority
import MetricsTestKit
import NIOConcurrencyHelpers
import SPIFFE
import SwiftProtobuf
import Testing

@testable import IdentityServer

/// Istio's CSR API over real sockets, before the running authority.
@Suite struct CertificateSigningServiceTests {
  typealias CSR = Istio_V1_Auth_IstioCertificateService
  typealias Request = Istio_V1_Auth_IstioCertificateRequest

  static let token: Metadata = ["authorization": "Bearer \(Mesh.token)"]

  @Test func `a request gets a leaf, its intermediate and the bundle`() async throws {
    let mesh = try await Mesh()
    try await mesh.look()
    let key = P256.Signing.PrivateKey()
    let request = try Request.with { $0.csr = try Mesh.request(key) }
    try await mesh.overUnixSocket { client in
      let response = try await CSR.Client(wrapping: client).createCertificate(request, metadata: Self.token)
      let elements = response.certChain.map { try? MeshCertificate.readPEM(Array($0.utf8)) }
      #expect(elements.map { $0?.count } == [1, 1, 1])
      #expect(response.certChain.allSatisfy { $0.hasSuffix("-----END CERTIFICATE-----\n") })
      let chain = elements.dropLast().compactMap { $0?.first }
      #expect(response.certChain.last == mesh.bundle?.pem)
      #expect(try await mesh.bundle?.verify(chain, at: mesh.now) == mesh.cart.id)
      #expect(chain[0].publicKey.keyBits == [UInt8](key.publicKey.x963Representation)[...])
      #expect(chain[0].validity.notAfter == mesh.now + 60)
    }
    #expect(
      try mesh.recorded.expectCounter(
        "amesh_certificates_issued_total",
        [("interface", "csr"), ("authenticator", "static_token")]
      ).totalValue == 1
    )
  }

  @Test func `while a root is being replaced, the bundle is one element still`() async throws {
    let mesh = try await Mesh()
    try await mesh.look()
    try await mesh.command(.prepare)
    try await mesh.overUnixSocket { client in
      let request = try Request.with { $0.csr = try Mesh.request() }
      let response = try await CSR.Client(wrapping: client).createCertificate(request, metadata: Self.token)
      #expect(response.certChain.count == 3)
      #expect(try MeshCertificate.readPEM(Array((response.certChain.last ?? "").utf8)).count == 2)
    }
    // Whoever got it has both roots: nothing waits for its leaf to end.
    #expect(mesh.authority.report.spread.values.allSatisfy { $0.olderBundlesUntil == nil })
  }

  @Test(arguments: [
    (0, 60, nil), (-5, 60, nil), (30, 30, nil), (100, 100, nil), (5000, 100, "cap"), (.max, 100, "cap"),
  ])
  func `who asks for too long a life is told what was given`(_ asked: Int64, _ given: Int, _ limit: String?)
    async throws
  {
    let mesh = try await Mesh()
    try await mesh.look()
    try await mesh.overUnixSocket { client in
      let request = try Request.with {
        $0.csr = try Mesh.request()
        $0.validityDuration = asked
      }
      try await CSR.Client(wrapping: client).createCertificate(request, metadata: Self.token) { response in
        #expect(Array(response.metadata[stringValues: "amesh-lifetime-seconds"]) == ["\(given)"])
        #expect(Array(response.metadata[stringValues: "amesh-lifetime-limit"]) == (limit.map { [$0] } ?? []))
        let leaf = try MeshCertificate.readPEM(Array((try response.message.certChain.first ?? "").utf8))
        #expect(leaf.first?.validity.notAfter == mesh.now + TimeInterval(given))
      }
    }
  }

  @Test func `what is refused, and how`() async throws {
    let mesh = try await Mesh()
    let good = try Mesh.request()
    let other = Google_Protobuf_Value(stringValue: "spiffe://mesh.test/ns/shop/sa/other")
    let cases: [(Metadata, Request, RPCError.Code, String)] = [
      ([:], .with { $0.csr = good }, .unauthenticated, "who calls could not be established"),
      (["authorization": "Bearer wrong"], .with { $0.csr = good }, .unauthenticated, "who calls could"),
      (Self.token, .with { $0.csr = "" }, .invalidArgument, "no PEM block"),
      (Self.token, .with { $0.csr = String(repeating: " ", count: 17_000) }, .invalidArgument, "16384 bytes"),
      (
        Self.token,
        .with {
          $0.csr = good
          $0.metadata.fields["ImpersonatedIdentity"] = other
        }, .permissionDenied, "not authorized"
      ),
    ]
    try await mesh.overUnixSocket { client in
      let early = await #expect(throws: RPCError.self) {
        try await CSR.Client(wrapping: client).createCertificate(.with { $0.csr = good }, metadata: Self.token)
      }
      #expect(early?.code == .unavailable)
      #expect(early?.metadata[stringValues: "grpc-retry-pushback-ms"].first { _ in true } == "1000")
      try await mesh.look()
      for (metadata, request, code, words) in cases {
        let error = await #expect(throws: RPCError.self) {
          try await CSR.Client(wrapping: client).createCertificate(request, metadata: metadata)
        }
        #expect(error?.code == code)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
      }
    }
    #expect(try mesh.recorded.refused(.request) == 2)
    #expect(try mesh.recorded.refused(.foreignIdentity) == 1)
    #expect(try mesh.recorded.refused(.notReady) == 1)
  }

  @Test func `when too many wait, the next is sent away, and renewals go first`() async throws {
    let gate = IssuingGate(width: 1, maximumWaiting: 3)
    let order = NIOLockedValueBox<[String]>([])
    let (opened, open) = AsyncStream.makeStream(of: Void.self)
    await withTaskGroup { group in
      // Holds the only place for as long as the others take to line up.
      let (held, release) = AsyncStream.makeStream(of: Void.self)
      group.addTask {
        _ = await gate.pass(renewal: false) {
          open.yield()
          for await _ in held {}
        }
      }
      for await _ in opened { break }
      for (name, renewal) in [("new 1", false), ("new 2", false), ("renewal", true)] {
        let waiting = gate.waiting
        group.addTask { _ = await gate.pass(renewal: renewal) { order.withLockedValue { $0.append(name) } } }
        while gate.waiting == waiting { await Task.yield() }
      }
      let sentAway = await gate.pass(renewal: true) { "let in" }
      #expect(sentAway == nil)
      release.finish()
    }
    #expect(order.withLockedValue { $0 } == ["renewal", "new 1", "new 2"])
    #expect(await gate.pass(renewal: false) { "let in" } == "let in")
  }
}

extension Mesh {
  /// Serves everything on a Unix socket for as long as the body runs.
  func overUnixSocket(_ body: (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Void) async throws {
    let path = "/tmp/amesh-\(UInt64.random(in: 0...UInt64.max)).sock"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let server = server(on: try ListeningSocket(unixPath: path, mode: 0o600), tls: nil)
    let transport = try HTTP2ClientTransport.Posix(
      target: .unixDomainSocket(path: path),
      transportSecurity: .plaintext
    )
    try await server.whileRunning { try await withGRPCClient(transport: transport) { try await body($0) } }
  }

  func server(on socket: ListeningSocket, tls: (@Sendable () -> ConnectionTLS?)?) -> CallServer {
    let clock = { @Sendable [self] in now }
    let limits = CallLimits()
    let callMetrics = CallServerMetrics(factory: recorded)
    let streams = StreamBook(limits: limits, metrics: callMetrics)
    return CallServer(
      socket: socket,
      limits: limits,
      tls: tls,
      metrics: callMetrics,
      jitter: { 0 },
      services: [
        SecretDiscoveryService(
          source: source,
          authentication: authentication,
          streams: streams,
          identifier: "test",
          metrics: metrics,
          logger: .silent
        ),
        CertificateSigningService(
          issuer: issuer,
          authentication: authentication,
          streams: streams,
          width: 2,
          now: clock,
          draw: { 0.5 },
          logger: .silent
        ),
      ]
    )
  }
}
