import AmeshTesting
import Foundation
import KubernetesObjects
import KubernetesTesting
import Testing

@testable import KubernetesAPI

/// Who the server is and who we are, over real TLS.
@Suite(.timeLimit(.minutes(1))) struct TLSClientTests {
  private let certificates: TestCertificates

  init() throws { certificates = try TestCertificates() }

  private var authority: CredentialText { .file(certificates.path("ca.crt")) }
  private var user: ClusterUser {
    ClusterUser(certificate: .file(certificates.path("client.crt")), key: .file(certificates.path("client.key")))
  }

  /// What asking for the version comes to; nil for an answer.
  private func ask(
    server name: String = "server",
    asksForCertificates: Bool = false,
    user: ClusterUser = ClusterUser(),
    authority: CredentialText?,
    tlsServerName: String? = nil
  ) async throws -> TransportError.Kind? {
    var outcome: TransportError.Kind?
    let tls = try certificates.server(name, asksForCertificates: asksForCertificates)
    try await LoopbackServer.serving(tls: tls, { _, exchange in exchange.answer(200, "{}") }) { server in
      var configuration = ClientConfiguration()
      configuration.retry.attempts = 1
      try await HTTPClientTests.withClient(
        "https://127.0.0.1:\(server.port)",
        user: user,
        certificateAuthority: authority,
        tlsServerName: tlsServerName,
        configuration: configuration
      ) { client in
        do throws(APIError) {
          _ = try await client.read("/version")
        } catch {
          guard case .transport(let problem) = error else { throw error }
          outcome = problem.kind
        }
      }
    }
    return outcome
  }

  @Test func `a server that the CA has signed for its address is trusted`() async throws {
    #expect(try await ask(authority: authority) == nil)
  }

  @Test func `a server of another CA is not`() async throws {
    #expect(try await ask(authority: nil) == .untrusted)
    let other = try TestCertificates()
    #expect(try await ask(authority: .file(other.path("ca.crt"))) == .untrusted)
  }

  @Test func `a server of another name is not, unless that is the name to look for`() async throws {
    #expect(try await ask(server: "named", authority: authority) == .untrusted)
    #expect(try await ask(server: "named", authority: authority, tlsServerName: "kubernetes") == nil)
    #expect(try await ask(server: "named", authority: authority, tlsServerName: "other") == .untrusted)
  }

  @Test func `a client's certificate is shown`() async throws {
    #expect(try await ask(asksForCertificates: true, user: user, authority: authority) == nil)
    #expect(try await ask(asksForCertificates: true, authority: authority) != nil)
  }

  @Test func `a CA and a certificate that are renewed on disk are taken up within a minute`() async throws {
    let clock = ManualClock()
    let other = try TestCertificates()
    // First of one cluster, then of another, under the same paths.
    let folder = try TemporaryFolder()
    let place = { (from: TestCertificates) in
      for name in ["ca.crt", "client.crt", "client.key"] {
        _ = try folder.write(name, try Data(contentsOf: URL(fileURLWithPath: from.path(name))))
      }
    }
    try place(certificates)
    let tls = try other.server(asksForCertificates: true)
    try await LoopbackServer.serving(tls: tls, { _, exchange in exchange.answer(200, "{}") }) { server in
      var configuration = ClientConfiguration()
      configuration.retry.attempts = 1
      try await HTTPClientTests.withClient(
        "https://127.0.0.1:\(server.port)",
        user: ClusterUser(certificate: .file("\(folder.path)/client.crt"), key: .file("\(folder.path)/client.key")),
        certificateAuthority: .file("\(folder.path)/ca.crt"),
        time: Timekeeper(clock),
        configuration: configuration
      ) { client in
        await #expect(throws: APIError.self) { try await client.read("/version") }
        try place(other)
        await #expect(throws: APIError.self) { try await client.read("/version") }
        clock.advance(by: .seconds(60))
        _ = try await client.read("/version")
      }
    }
  }
}
