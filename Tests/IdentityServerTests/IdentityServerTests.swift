import CallServer
import EnvoyAPI
import EnvoyServices
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import IdentityServer
import NIOConcurrencyHelpers
import SecretDiscovery
import SwiftProtobuf
import Testing
import XDSProtocol

/// A real client and a real server, over real sockets.
@Suite struct IdentityServerTests {
  @Test func `a client gets its secrets, then each change, and none twice`() async throws {
    let harness = Harness()
    try await harness.overUnixSocket { client in
      let names = ["ROOTCA", "default"]
      let (asked, ask) = AsyncStream.makeStream(of: Envoy_Service_Discovery_V3_DiscoveryRequest.self)
      ask.yield(.names(names))
      let said = try await client.streamSecrets(metadata: Harness.token) { writer in
        for await request in asked { try await writer.write(request) }
      } onResponse: { response in
        var said: [[String]] = []
        // A change is made only when the server knows what became of the last.
        var receipts = harness.source.receipts.makeAsyncIterator()
        for try await message in response.messages {
          said.append(message.texts)
          // The third is refused, and not sent again with what comes next.
          ask.yield(.names(names, nonce: message.nonce, error: said.count == 3 ? "no" : nil))
          if said.count != 3 {
            #expect(await receipts.next()?.versions.count == 1)
          }
          switch said.count {
          case 1: continue
          case 2: harness.source.change { $0.roots = "ROOTS 2" }
          case 3: harness.source.change { $0.chain = 2 }
          default: ask.finish()
          }
        }
        return said
      }
      #expect(
        said == [["ROOTCA: ROOTS 1"], ["default: CHAIN 1, KEY 1"], ["ROOTCA: ROOTS 2"], ["default: CHAIN 2, KEY 2"]]
      )
      #expect(harness.source.state.withLockedValue { $0.cancelled } == 1)
    }
  }

  @Test func `a delta client that comes back is told only what is new`() async throws {
    let harness = Harness()
    try await harness.overUnixSocket { client in
      var versions: [String: String] = [:]
      for expected in [["ROOTCA: ROOTS 1"], ["ROOTCA: ROOTS 2"]] {
        let known = versions
        let got = try await client.deltaSecrets(metadata: Harness.token) { writer in
          try await writer.write(
            .with {
              $0.resourceNamesSubscribe = ["ROOTCA"]
              $0.initialResourceVersions = known
            }
          )
          if !known.isEmpty { harness.source.change { $0.roots = "ROOTS 2" } }
          try await Task.sleep(for: .seconds(3600))
        } onResponse: { response in
          for try await message in response.messages { return message }
          throw RPCError(code: .unavailable, message: "nothing came")
        }
        versions = Dictionary(got.resources.map { ($0.name, $0.version) }) { $1 }
        #expect(got.resources.map { Envoy_Service_Discovery_V3_DiscoveryResponse.text($0.resource) } == expected)
      }
    }
  }

  @Test func `a client that brings a request gets certificates without a key`() async throws {
    try await Harness().overUnixSocket { client in
      let response = try await client.fetchSecrets(.names(["default"], csr: "PKCS10"), metadata: Harness.token)
      #expect(response.texts == ["default: CHAIN 1 for PKCS10"])
    }
  }

  @Test(arguments: refusals)
  func `what a client may not ask for`(_ names: [String], _ token: String?, _ csr: String, _ code: RPCError.Code)
    async throws
  {
    try await Harness().overUnixSocket { client in
      var metadata: Metadata = [:]
      if let token { metadata.addString("Bearer \(token)", forKey: "authorization") }
      let request = Envoy_Service_Discovery_V3_DiscoveryRequest.names(names, csr: csr.isEmpty ? nil : csr)
      let error = await #expect(throws: RPCError.self) { try await client.fetchSecrets(request, metadata: metadata) }
      #expect(error?.code == code, "\(error?.message ?? "")")
    }
  }

  static let refusals: [([String], String?, String, RPCError.Code)] = [
    (["spiffe://mesh.test/ns/shop/sa/other"], "cart", "", .permissionDenied),
    ([], "cart", "", .invalidArgument),
    (["default"], nil, "", .unauthenticated),
    // More headers than HTTP/2 takes: the connection is closed.
    (["default"], String(repeating: "t", count: 17_000), "", .unavailable),
    (["default"], "cart", "forbidden", .permissionDenied),
    (["default"], "cart", String(repeating: "c", count: 17_000), .invalidArgument),
    (["default"], "cart", String(repeating: "c", count: 70_000), .resourceExhausted),
    ((0..<65).map { "spiffe://td\($0)" }, "cart", "", .resourceExhausted),
  ]

  @Test func `a stream ends when its source does, and asks the client to come again`() async throws {
    let harness = Harness()
    try await harness.overUnixSocket { client in
      let error = await #expect(throws: RPCError.self) {
        try await client.streamSecrets(metadata: Harness.token) { writer in
          try await writer.write(.names(["ROOTCA"]))
          try await Task.sleep(for: .seconds(3600))
        } onResponse: { response in
          for try await _ in response.messages {
            for subscription in harness.source.state.withLockedValue({ $0.subscriptions }) { subscription.end() }
          }
        }
      }
      #expect(error?.code == .unavailable)
    }
  }

  @Test func `a connection is told to go when it is old, and its streams end after the grace`() async throws {
    var harness = Harness()
    harness.limits.maximumConnectionAge = .milliseconds(20)
    harness.limits.connectionGrace = .milliseconds(20)
    // A stream may come to lie on a later connection than the first, where that one is gone before it opens: so all are
    // that short until a stream was seen to end.
    harness.limits.connectionAgeJitter = 1_000_000
    let growOld = NIOLockedValueBox(false)
    harness.jitter = { growOld.withLockedValue { $0 } ? 1 : 0 }
    try await harness.overUnixSocket { client in
      await #expect(throws: RPCError.self) {
        try await client.streamSecrets(metadata: Harness.token) { writer in
          try await writer.write(.names(["ROOTCA"]))
          try await Task.sleep(for: .seconds(3600))
        } onResponse: { response in
          for try await _ in response.messages {}
        }
      }
      growOld.withLockedValue { $0 = true }
      // The next connection serves, or the one after, if the next was made before.
      var options = CallOptions.defaults
      options.waitForReady = true
      var response: Envoy_Service_Discovery_V3_DiscoveryResponse?
      while response == nil {
        response = try? await client.fetchSecrets(.names(["ROOTCA"]), metadata: Harness.token, options: options)
      }
      #expect(response?.texts == ["ROOTCA: ROOTS 1"])
    }
  }

  // MARK: - TLS

  @Test func `over TLS, a token does without a client certificate`() async throws {
    let authority = try TestAuthority()
    try await Harness().overTLS(authority, client: .trusting(authority)) { client in
      let response = try await client.fetchSecrets(.names(["default"]), metadata: Harness.token)
      #expect(response.texts == ["default: CHAIN 1, KEY 1"])
    }
  }

  @Test func `over TLS, a client certificate says who calls`() async throws {
    let authority = try TestAuthority()
    let issued = try authority.issue("cart", dnsName: "cart")
    try await Harness().overTLS(authority, client: Self.mutual(issued, trusting: authority)) { client in
      let response = try await client.fetchSecrets(.names(["spiffe://mesh.test/ns/shop/sa/cart"]))
      #expect(response.texts == ["spiffe://mesh.test/ns/shop/sa/cart: CHAIN 1, KEY 1"])
    }
  }

  @Test func `over TLS, a certificate of a foreign CA gets nowhere, not even with a token`() async throws {
    let authority = try TestAuthority()
    let foreign = try TestAuthority().issue("cart", dnsName: "cart")
    let harness = Harness()
    try await harness.overTLS(authority, client: Self.mutual(foreign, trusting: authority)) { client in
      let error = await #expect(throws: RPCError.self) {
        // The client goes on trying for as long as it may.
        var options = CallOptions.defaults
        options.timeout = .seconds(1)
        _ = try await client.fetchSecrets(.names(["default"]), metadata: Harness.token, options: options)
      }
      #expect(error?.code == .deadlineExceeded || error?.code == .unavailable)
      #expect(harness.source.state.withLockedValue { $0.subscribed } == 0)
    }
  }

  private static func mutual(
    _ issued: TestAuthority.Issued,
    trusting authority: TestAuthority
  ) -> HTTP2ClientTransport.Posix.TransportSecurity {
    .mTLS(
      certificateChain: [.bytes(Array(issued.certificate.utf8), format: .pem)],
      privateKey: .bytes(Array(issued.key.utf8), format: .pem)
    ) { $0.trustRoots = .certificates([.bytes(Array(authority.certificate.utf8), format: .pem)]) }
  }
}
