import CertificateAuthority
import CoreMetrics
import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import GRPCProtobuf
import MetricsTestKit
import NIOSSL
import SecretDiscovery
import Testing

@testable import CallServer
@testable import IdentityServer

/// Over real sockets: what becomes of peers that take more than they may, or nothing at all.
@Suite struct ConnectionLimitsTests {
  private let recorded = TestMetrics()

  private func harness(_ change: (inout CallLimits) -> Void) -> Harness {
    var harness = Harness()
    harness.metrics = recorded
    change(&harness.limits)
    return harness
  }

  private func refused(_ reason: String) throws -> Int64 {
    try recorded.expectCounter("amesh_identity_connections_refused_total", [("reason", reason)]).totalValue
  }

  private func cut(_ reason: ConnectionDeadlines.Cut) throws -> Int64 {
    try recorded.expectCounter("amesh_identity_connections_cut_total", [("reason", reason.rawValue)]).totalValue
  }

  @Test(arguments: [true, false]) func `one connection too many is closed at once, those before stay`(
    _ perAddress: Bool
  )
    async throws
  {
    let harness = harness { limits in
      if perAddress { limits.maximumConnectionsPerAddress = 1 } else { limits.maximumConnections = 1 }
    }
    let authority = try TestAuthority()
    try await harness.overTLS(authority, client: .trusting(authority)) { client, place in
      _ = try await client.fetchSecrets(.names(["ROOTCA"]), metadata: Harness.token)
      #expect(try await RawPeer.run(.silent, at: place).closed)
      _ = try await client.fetchSecrets(.names(["ROOTCA"]), metadata: Harness.token)
    }
    #expect(try refused(perAddress ? "connections_of_address" : "connections") == 1)
    #expect(try recorded.expectGauge("amesh_identity_connections").lastValue == 0)
  }

  @Test(arguments: [
    (RawPeer.Manners.silent, true, ConnectionDeadlines.Cut.handshake), (.shaking, true, .preface),
    (.half, true, .preface), (.silent, false, .preface), (.half, false, .preface), (.deaf, false, .silence),
    (.deaf, true, .silence),
  ])
  func `a peer that says nothing is cut off`(
    _ manners: RawPeer.Manners,
    _ overTLS: Bool,
    _ reason: ConnectionDeadlines.Cut
  ) async throws {
    let harness = harness { limits in
      // One that is there all the same has its time also on a busy machine.
      limits.handshakeTimeout = manners == .silent ? .milliseconds(50) : .seconds(2)
      limits.keepaliveTime = manners == .deaf ? .milliseconds(50) : .seconds(60)
      limits.keepaliveTimeout = .milliseconds(50)
      limits.connectionGrace = .milliseconds(50)
    }
    try await harness.serve(overTLS: overTLS) { place in
      let peer = try await RawPeer.run(manners, at: place)
      #expect(peer.closed)
    }
    #expect(try cut(reason) == 1)
  }

  @Test func `a peer that answers whether it is there is left alone`() async throws {
    let harness = harness { limits in
      limits.keepaliveTime = .milliseconds(20)
    }
    try await harness.serve(overTLS: false) { place in
      let peer = try await RawPeer.run(.polite, at: place)
      #expect(!peer.closed && peer.asked == 5)
    }
  }

  @Test func `a peer that is told to go and does not is cut off`() async throws {
    let harness = harness { limits in
      // It has begun by then.
      limits.maximumConnectionAge = .seconds(1)
      limits.keepaliveTimeout = .milliseconds(20)
      limits.connectionGrace = .milliseconds(20)
    }
    try await harness.serve(overTLS: false) { place in
      let peer = try await RawPeer.run(.deaf, at: place)
      #expect(peer.closed)
    }
    #expect(try cut(.overstay) == 1)
  }

  @Test func `before there is a certificate, connections are closed and the server goes on`() async throws {
    let mesh = try await Mesh(start: .now)
    let serving = ServingTLS(
      authority: mesh.authority,
      cryptography: mesh.openSSL,
      names: ["localhost"],
      now: { mesh.now },
      metrics: mesh.metrics,
      logger: .silent
    )
    let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
    let port = socket.port ?? 0
    try await mesh.server(on: socket, tls: { serving.connection() }).whileRunning {
      for _ in 0..<3 { #expect(try await RawPeer.run(.silent, at: "\(port)").closed) }
      try await mesh.look()
      try serving.refresh(now: mesh.now)
      let seen = try await TLSProbe.run(port: port, roots: mesh.bundle?.pem ?? "")
      #expect(seen.version == "TLSv1.3")
    }
    let reason = [("reason", "no_certificate")]
    #expect(
      try mesh.recorded.expectCounter("amesh_identity_connections_refused_total", reason).totalValue == 3
    )
  }

  @Test func `a caller with too many streams is told when to come again`() async throws {
    let harness = harness { $0.maximumStreamsPerIdentity = 1 }
    try await harness.overUnixSocket { client in
      try await client.streamSecrets(metadata: Harness.token) { writer in
        try await writer.write(.names(["ROOTCA"]))
        try await Task.sleep(for: .seconds(3600))
      } onResponse: { response in
        for try await _ in response.messages {
          let error = await #expect(throws: RPCError.self) {
            try await client.fetchSecrets(.names(["ROOTCA"]), metadata: Harness.token)
          }
          #expect(error?.code == .resourceExhausted)
          #expect(error?.metadata[stringValues: "grpc-retry-pushback-ms"].first { _ in true } != nil)
          // Another identity has its own.
          _ = try await client.fetchSecrets(.names(["ROOTCA"]), metadata: ["authorization": "Bearer web"])
          return
        }
      }
      // The place is free once the server has seen the end of the stream.
      var response: Envoy_Service_Discovery_V3_DiscoveryResponse?
      while response == nil {
        response = try? await client.fetchSecrets(.names(["ROOTCA"]), metadata: Harness.token)
      }
    }
  }

  @Test func `a stranger is told that it is one, whatever it sends`() async throws {
    let mesh = try await Mesh()
    try await mesh.overUnixSocket { client in
      let descriptors = [
        CertificateSigningServiceTests.CSR.Method.CreateCertificate.descriptor, SDS.Method.FetchSecrets.descriptor,
        SDS.Method.StreamSecrets.descriptor,
      ]
      for descriptor in descriptors {
        let error = await #expect(throws: RPCError.self) {
          try await client.bidirectionalStreaming(
            request: StreamingClientRequest<Envoy_Service_Discovery_V3_DiscoveryRequest> { _ in },
            descriptor: descriptor,
            serializer: ProtobufSerializer<Envoy_Service_Discovery_V3_DiscoveryRequest>(),
            deserializer: ProtobufDeserializer<Envoy_Service_Discovery_V3_DiscoveryResponse>(),
            options: .defaults
          ) { response in
            for try await _ in response.messages {}
          }
        }
        #expect(error?.code == .unauthenticated)
      }
    }
  }
}
