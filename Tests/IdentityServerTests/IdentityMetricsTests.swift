import CallServer
import CertificateAuthority
import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import MeshAuthority
import MetricsTestKit
import SwiftProtobuf
import Testing

@testable import IdentityServer

@Suite struct IdentityMetricsTests {
  @Test func `streams, pushes, answers and ends are measured, and no identity is in a label`() async throws {
    let mesh = try await Mesh()
    try await mesh.look()
    try await mesh.overUnixSocket { client in
      let (asked, ask) = AsyncStream.makeStream(of: Envoy_Service_Discovery_V3_DiscoveryRequest.self)
      ask.yield(.names(["default"]))
      try await Client(wrapping: client).streamSecrets(metadata: CertificateSigningServiceTests.token) { writer in
        for await request in asked { try await writer.write(request) }
      } onResponse: { response in
        var count = 0
        for try await message in response.messages {
          count += 1
          guard count < 3 else {
            ask.finish()
            continue
          }
          ask.yield(.names(["default"], nonce: message.nonce, error: count == 2 ? "no" : nil))
          #expect(try mesh.recorded.expectGauge("amesh_identity_streams").lastValue == 1)
          // An answer that comes after the next response counts for nothing.
          let answer = count == 2 ? "amesh_identity_nacks_total" : "amesh_identity_acks_total"
          while try mesh.recorded.expectCounter(answer).totalValue == 0 { await Task.yield() }
          await mesh.pass(30)
        }
        ask.finish()
      }
    }
    let recorded = mesh.recorded
    #expect(try recorded.expectCounter("amesh_identity_pushes_total").totalValue == 3)
    #expect(try recorded.expectCounter("amesh_identity_acks_total").totalValue == 1)
    #expect(try recorded.expectCounter("amesh_identity_nacks_total").totalValue == 1)
    #expect(try recorded.expectTimer("amesh_identity_first_answer_seconds").values.count == 1)
    #expect(try recorded.expectTimer("amesh_identity_ack_lag_seconds").values.count == 1)
    #expect(try recorded.expectGauge("amesh_identity_streams").lastValue == 0)
    let signing = try #require(mesh.authority.signing)
    let end = signing.issuer.certificate.validity.notAfter.timeIntervalSince1970
    #expect(try recorded.expectGauge("amesh_identity_issuer_expiry_seconds").lastValue == end)
    let root = try #require(signing.bundle.authorities.first).validity.notAfter.timeIntervalSince1970
    #expect(try recorded.expectGauge("amesh_identity_root_expiry_seconds").lastValue == root)
    let leaf = try recorded.expectGauge("amesh_identity_soonest_leaf_expiry_seconds").lastValue
    #expect(leaf == mesh.now.timeIntervalSince1970 + 30)
    // Its stream is closed: nothing ends.
    await mesh.pass(10)
    #expect(try recorded.expectGauge("amesh_identity_soonest_leaf_expiry_seconds").lastValue == .infinity)
    let labels = recorded.counters.flatMap { $0.dimensions.map(\.1) }
    #expect(labels.allSatisfy { !$0.contains("spiffe") && !$0.contains("cart") })
  }

  @Test func `requests for certificates are timed, whatever becomes of them`() async throws {
    let mesh = try await Mesh()
    try await mesh.look()
    try await mesh.overUnixSocket { client in
      for csr in [try Mesh.request(), "nothing"] {
        _ = try? await CertificateSigningServiceTests.CSR.Client(wrapping: client).createCertificate(
          .with { $0.csr = csr },
          metadata: CertificateSigningServiceTests.token
        )
      }
    }
    let values = try mesh.recorded.expectTimer("amesh_certificate_request_duration_seconds").values
    #expect(values.count == 2 && values.allSatisfy { $0 > 0 })
  }

  @Test func `a push is measured until the first answer`() {
    let start = ContinuousClock.now
    var timing = StreamTiming(began: start)
    let said = [
      timing.answered(at: start + .seconds(1)), timing.pushed(at: start + .seconds(2)),
      timing.pushed(at: start + .seconds(3)), timing.answered(at: start + .seconds(7)),
      timing.answered(at: start + .seconds(8)), timing.pushed(at: start + .seconds(9)),
      timing.answered(at: start + .seconds(10)),
    ]
    #expect(said == [nil, .seconds(2), nil, .seconds(5), nil, nil, .seconds(1)])
  }

  @Test(arguments: [
    ([], "no_credential"), (["Basic x"], "malformed_credential"),
    (["Bearer unknown"], "static_token_unknown"), (["Bearer a", "Bearer b"], "malformed_credential"),
  ])
  func `a stranger is counted by the reason, and learns nothing`(_ authorization: [String], _ reason: String)
    async throws
  {
    let mesh = try await Mesh()
    #expect(await mesh.authentication.caller(CallerEvidence(authorization: authorization)) == nil)
    let counter = try mesh.recorded.expectCounter("amesh_certificates_refused_total", [("reason", reason)])
    #expect(counter.totalValue == 1)
  }
}
