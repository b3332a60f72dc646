import CallerAuthentication
import Foundation
import GRPCCore
import MetricsTestKit
import SPIFFE
import Testing

@testable import CallServer

@Suite struct StreamBookTests {
  private let recorded = TestMetrics()

  private func book(_ all: Int, _ perIdentity: Int, _ perPod: Int) -> StreamBook {
    var limits = CallLimits()
    limits.maximumStreams = all
    limits.maximumStreamsPerIdentity = perIdentity
    limits.maximumStreamsPerPod = perPod
    return StreamBook(limits: limits, metrics: CallServerMetrics(factory: recorded), draw: { 0.25 })
  }

  private func caller(_ account: String, pod: String?) throws -> Caller {
    Caller(
      identity: try WorkloadIdentity(
        trustDomain: TrustDomain("mesh.test"),
        namespace: "shop",
        serviceAccount: account
      ),
      method: .serviceAccountToken,
      lastTokenAuthentication: .now,
      credentialExpiry: nil,
      credentialHash: CredentialHash(of: []),
      pod: pod.map { Caller.BoundObject(name: $0, uid: $0) }
    )
  }

  @Test func `a Pod, an identity and all together have so many, until places are given back`() throws {
    let book = book(6, 4, 2)
    var places: [StreamBook.Place] = []
    func ask(_ account: String, _ pod: String?) throws -> String {
      let caller = try caller(account, pod: pod)
      do throws(RPCError) {
        places.append(try book.place(for: caller))
        return "in"
      } catch {
        #expect(error.code == .resourceExhausted)
        #expect(Array(error.metadata[stringValues: "grpc-retry-pushback-ms"]) == ["750"])
        return String(error.message.prefix { $0 != " " })
      }
    }
    let asked: [(String, String?)] = [
      ("cart", "a"), ("cart", "a"), ("cart", "a"), ("cart", "b"), ("cart", nil), ("cart", nil), ("cart", "c"),
      ("web", "d"), ("web", nil), ("web", nil),
    ]
    let answers = try asked.map { try ask($0.0, $0.1) }
    #expect(answers == ["in", "in", "this", "in", "in", "this", "this", "in", "in", "all"])
    for (reason, count) in [("streams_of_pod", 1), ("streams_of_identity", 2), ("streams", 1)] {
      let counter = try recorded.expectCounter("amesh_identity_streams_refused_total", [("reason", reason)])
      #expect(counter.totalValue == count)
    }
    places.removeFirst()
    let again = try ask("cart", "a")
    #expect(again == "in")
    places.removeAll()
    #expect(book.isEmpty)
  }
}
