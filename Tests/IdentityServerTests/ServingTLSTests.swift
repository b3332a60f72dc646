import CallServer
import CallerAuthentication
import CertificateAuthority
import CertificateCustody
import Crypto
import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import MeshAuthority
import NIOConcurrencyHelpers
import SPIFFE
import SwiftProtobuf
import Testing
import X509

@testable import IdentityServer

/// TLS with the server's own certificate, before the running authority. The clock starts at the real time, since clients
/// verify by it.
@Suite struct ServingTLSTests {
  private func start(_ mesh: Mesh) async throws -> ServingTLS {
    let serving = ServingTLS(
      authority: mesh.authority,
      cryptography: mesh.openSSL,
      names: ["localhost", "127.0.0.1", "::1"],
      now: { mesh.now },
      metrics: mesh.metrics,
      logger: .silent
    )
    #expect(serving.connection() == nil)
    #expect(throws: MeshAuthorityError.self) { try serving.refresh(now: mesh.now) }
    try await mesh.look()
    try serving.refresh(now: mesh.now)
    return serving
  }

  @Test func `a workload renews by its certificate, and the time of its token is handed on`() async throws {
    let mesh = try await Mesh(start: .now)
    let serving = try await start(mesh)
    let key = P256.Signing.PrivateKey()
    let request = try CertificateSigningServiceTests.Request.with { $0.csr = try Mesh.request(key) }
    let first = NIOLockedValueBox<[String]>([])
    let authenticated = mesh.now
    try await mesh.overTLS(serving) { client in
      let response = try await CertificateSigningServiceTests.CSR.Client(wrapping: client)
        .createCertificate(request, metadata: CertificateSigningServiceTests.token)
      first.withLockedValue { $0 = response.certChain.dropLast() }
    }
    mesh.advance(by: 30)
    try await mesh.overTLS(serving, chain: first.withLockedValue { $0 }, key: key) { client in
      let service = CertificateSigningServiceTests.CSR.Client(wrapping: client)
      let response = try await service.createCertificate(request)
      let leaf = try #require(try MeshCertificate.readPEM(Array((response.certChain.first ?? "").utf8)).first)
      #expect(leaf.uris == [mesh.cart.description])
      #expect(leaf.lastAuthentication == authenticated.timeIntervalSince1970.rounded(.down))
      let secrets = try await Client(wrapping: client).fetchSecrets(.names(["default"]))
      #expect(secrets.resources.count == 1)
    }
  }

  @Test func `a certificate that the bundle of the moment refuses gets nowhere, on new connections and on old ones`()
    async throws
  {
    let mesh = try await Mesh(start: .now)
    let serving = try await start(mesh)
    let key = P256.Signing.PrivateKey()
    let request = try CertificateSigningServiceTests.Request.with { $0.csr = try Mesh.request(key) }
    let first = NIOLockedValueBox<[String]>([])
    try await mesh.overTLS(serving) { client in
      let response = try await CertificateSigningServiceTests.CSR.Client(wrapping: client)
        .createCertificate(request, metadata: CertificateSigningServiceTests.token)
      first.withLockedValue { $0 = response.certChain.dropLast() }
    }
    let oldBundle = try #require(mesh.bundle)
    try await mesh.overTLS(serving, chain: first.withLockedValue { $0 }, key: key) { client in
      let service = CertificateSigningServiceTests.CSR.Client(wrapping: client)
      _ = try await service.createCertificate(request)
      let old = try #require(try await mesh.custody.load()?.signer?.id)
      try await mesh.command(.prepare)
      try await mesh.command(.activate(nil), force: true)
      try await mesh.look()
      try await mesh.command(.retire(old), force: true)
      // The connection is from before.
      let error = await #expect(throws: RPCError.self) { _ = try await service.createCertificate(request) }
      #expect(error?.code == .unauthenticated)
    }
    try serving.refresh(now: mesh.now)
    #expect(mesh.bundle != oldBundle)
    try await mesh.overTLS(serving, chain: first.withLockedValue { $0 }, key: key) { client in
      var options = CallOptions.defaults
      options.timeout = .seconds(1)
      let error = await #expect(throws: RPCError.self) {
        _ = try await CertificateSigningServiceTests.CSR.Client(wrapping: client)
          .createCertificate(request, options: options)
      }
      #expect(error?.code == .deadlineExceeded || error?.code == .unavailable)
    }
  }

  @Test func `the serving certificate is replaced at half of its life, and when its root leaves the bundle`()
    async throws
  {
    let mesh = try await Mesh(start: .now)
    let serving = try await start(mesh)
    func serial() async throws -> String {
      try await mesh.probe { serving.connection() }.serial
    }
    let first = try await serial()
    mesh.advance(by: 29)
    try serving.refresh(now: mesh.now)
    #expect(try await serial() == first)
    mesh.advance(by: 1)
    try serving.refresh(now: mesh.now)
    let second = try await serial()
    #expect(second != first)
    // A root that is only published changes nothing, nor does one that signs leaves already: it switches last.
    let old = try #require(mesh.bundle?.authorities.first.map { AuthorityID($0) })
    try await mesh.command(.prepare)
    try serving.refresh(now: mesh.now)
    #expect(try await serial() == second)
    try await mesh.command(.activate(nil), force: true)
    try await mesh.look()
    try serving.refresh(now: mesh.now)
    #expect(try await serial() == second)
    try await mesh.command(.retire(old), force: true)
    try serving.refresh(now: mesh.now)
    #expect(try await serial() != second)
  }

  @Test(arguments: [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::1", "localhost")])
  func `clients that call it by an address verify it by that`(_ host: String, _ name: String) async throws {
    let mesh = try await Mesh(start: .now)
    let serving = try await start(mesh)
    #expect(try await mesh.probe(host: host, name: name) { serving.connection() }.version == "TLSv1.3")
  }

  @Test func `a session is never resumed`() async throws {
    let mesh = try await Mesh(start: .now)
    let serving = try await start(mesh)
    let seen = try await mesh.probe { serving.connection() }
    #expect(seen.version == "TLSv1.3")
    #expect(!seen.reused)
    // It is the context of its own for each connection that does it.
    let shared = serving.connection()
    let control = try await mesh.probe { shared }
    #expect(control.ticket && control.reused)
  }
}

extension Mesh {
  /// What another kind of client sees of the server.
  func probe(
    host: String = "127.0.0.1",
    name: String = "localhost",
    _ tls: @escaping @Sendable () -> ConnectionTLS?
  ) async throws -> TLSProbe {
    let socket = try ListeningSocket(host: host, port: 0)
    let result = NIOLockedValueBox<TLSProbe?>(nil)
    let roots = bundle?.pem ?? ""
    try await server(on: socket, tls: tls).whileRunning {
      let seen = try await TLSProbe.run(host: host, port: socket.port ?? 0, roots: roots, name: name)
      result.withLockedValue { $0 = seen }
    }
    return try #require(result.withLockedValue { $0 })
  }

  /// Serves over TLS for as long as the body runs; the client shows `chain` where there is one.
  func overTLS(
    _ serving: ServingTLS,
    chain: [String] = [],
    key: P256.Signing.PrivateKey? = nil,
    _ body: (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Void
  ) async throws {
    let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
    let roots = TLSConfig.TrustRootsSource.certificates(
      (bundle?.authorities ?? []).map { .bytes($0.derBytes, format: .der) }
    )
    let security: HTTP2ClientTransport.Posix.TransportSecurity =
      if let key {
        .mTLS(
          certificateChain: chain.map { .bytes(Array($0.utf8), format: .pem) },
          privateKey: .bytes(Array(key.pemRepresentation.utf8), format: .pem)
        ) { $0.trustRoots = roots }
      } else {
        .tls { $0.trustRoots = roots }
      }
    let transport = try HTTP2ClientTransport.Posix(
      target: .ipv4(address: "127.0.0.1", port: Int(socket.port ?? 0)),
      transportSecurity: security,
      config: .defaults { $0.http2.authority = "localhost" }
    )
    try await server(on: socket, tls: { serving.connection() }).whileRunning {
      try await withGRPCClient(transport: transport) { try await body($0) }
    }
  }
}

extension MeshCertificate {
  /// Seconds since 1970.
  fileprivate var lastAuthentication: TimeInterval? {
    x509.extensions[oid: LastAuthentication.extensionID]
      .flatMap { LastAuthentication(extensionValue: $0.value) }?.moment.timeIntervalSince1970
  }
}
