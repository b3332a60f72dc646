import CallerAuthentication
import CoreMetrics
import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Injection
import KubernetesObjects
import SPIFFE
import SwiftProtobuf
import Testing
import WorkloadDiscovery

@testable import IdentityServer

private typealias Discovery = Amesh_Workload_V1_WorkloadDiscoveryService
private typealias Request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest
private typealias Response = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse

@Suite(.timeLimit(.minutes(2)))
struct WorkloadDiscoveryServiceTests {
  private static func change(_ uid: String, _ addresses: [String], account: String?) throws -> PodEndpointChange {
    let workload = try account.map {
      Workload(
        identity: try WorkloadIdentity(trustDomain: TrustDomain("a.test"), namespace: "shop", serviceAccount: $0),
        mtls: .strict,
        inboundPorts: []
      )
    }
    let endpoint = PodEndpoint(addresses: addresses.compactMap { IPAddress($0) }, created: "", workload: workload)
    return PodEndpointChange(uid: uid, isLeaving: false, endpoint: addresses.isEmpty ? nil : endpoint)
  }

  /// What a client hears, one after the other; it says the next thing after each.
  private static func talk(
    _ harness: Harness,
    metadata: Metadata = Harness.token,
    _ requests: [Request],
    then: @escaping @Sendable (Int) throws -> Void = { _ in },
    hears count: Int
  ) async throws -> [Response] {
    var heard: [Response] = []
    try await harness.clientOverUnixSocket { client in
      let (answers, answer) = AsyncStream.makeStream(of: Int.self)
      heard = try await Discovery.Client(wrapping: client).deltaWorkloads(metadata: metadata) { writer in
        for request in requests { try await writer.write(request) }
        for await number in answers {
          try then(number)
          if number == count { return }
        }
      } onResponse: { response in
        var heard: [Response] = []
        for try await message in response.messages {
          heard.append(message)
          answer.yield(heard.count)
        }
        answer.finish()
        return heard
      }
    }
    return heard
  }

  private static func text(_ response: Response) -> [String] {
    response.resources.map {
      let message = try? Amesh_Workload_V1_Workload(serializedBytes: $0.resource.value)
      return "\($0.name) \(message?.spiffeID ?? "?")"
    } + response.removedResources.map { "\($0) gone" }
  }

  @Test func `a client is told of those that it asks for, at once and when they change`() async throws {
    let harness = Harness()
    let source = harness.workloads
    source.take([try Self.change("a", ["10.0.0.1", "fd00::1"], account: "web")])
    source.take([try Self.change("b", ["10.0.0.2"], account: "cart")])
    source.complete()
    let heard = try await Self.talk(
      harness,
      [.with { $0.resourceNamesSubscribe = ["10.0.0.1", "10.0.0.3", "fd00::1"] }],
      then: { number in
        switch number {
        case 1:
          source.take([
            try Self.change("b", ["10.0.0.2"], account: "other"), try Self.change("c", ["10.0.0.3"], account: "cart"),
          ])
        case 2: source.take([try Self.change("a", [], account: nil)])
        default: break
        }
      },
      hears: 3
    )
    #expect(
      heard.map(Self.text) == [
        ["10.0.0.1 spiffe://a.test/ns/shop/sa/web", "fd00::1 spiffe://a.test/ns/shop/sa/web", "10.0.0.3 gone"],
        ["10.0.0.3 spiffe://a.test/ns/shop/sa/cart"],
        ["10.0.0.1 gone", "fd00::1 gone"],
      ]
    )
    #expect(heard.first?.resources.first?.resource.typeURL == workloadTypeURL)
    #expect(source.isIdle)
  }

  @Test func `nobody is told that there is no one before all Pods were heard of`() async throws {
    let harness = Harness()
    let source = harness.workloads
    source.take([try Self.change("a", ["10.0.0.1"], account: "web")])
    let heard = try await Self.talk(
      harness,
      [.with { $0.resourceNamesSubscribe = ["10.0.0.1", "10.0.0.9"] }],
      then: { if $0 == 1 { source.complete() } },
      hears: 2
    )
    #expect(heard.map(Self.text) == [["10.0.0.1 spiffe://a.test/ns/shop/sa/web"], ["10.0.0.9 gone"]])
  }

  @Test func `what was given up is not told`() async throws {
    let harness = Harness()
    let source = harness.workloads
    source.take([try Self.change("a", ["10.0.0.1"], account: "web")])
    source.complete()
    let heard = try await Self.talk(
      harness,
      [
        .with { $0.resourceNamesSubscribe = ["10.0.0.1", "10.0.0.2"] },
        .with {
          $0.resourceNamesUnsubscribe = ["10.0.0.1"]
          $0.resourceNamesSubscribe = ["10.0.0.4"]
        },
      ],
      then: { number in
        guard number == 2 else { return }
        source.take([try Self.change("a", ["10.0.0.1"], account: "cart")])
        source.take([try Self.change("b", ["10.0.0.2"], account: "cart")])
      },
      hears: 3
    )
    #expect(heard.dropFirst().map(Self.text) == [["10.0.0.4 gone"], ["10.0.0.2 spiffe://a.test/ns/shop/sa/cart"]])
    #expect(source.isIdle)
  }

  @Test func `strangers hear nothing`() async throws {
    let harness = Harness()
    harness.workloads.complete()
    let error = await #expect(throws: RPCError.self) {
      _ = try await Self.talk(
        harness,
        metadata: [:],
        [.with { $0.resourceNamesSubscribe = ["10.0.0.1"] }],
        hears: 1
      )
    }
    #expect(error?.code == .unauthenticated)
  }

  @Test(arguments: [
    (
      Request.with { $0.typeURL = "type.googleapis.com/envoy.config.cluster.v3.Cluster" }, RPCError.Code.invalidArgument
    ),
    (.with { $0.resourceNamesSubscribe = [String(repeating: "1", count: 65)] }, .invalidArgument),
    (.with { $0.resourceNamesSubscribe = (0..<9).map { "10.0.0.\($0)" } }, .resourceExhausted),
  ])
  private func `what a client may not ask`(_ request: Request, _ code: RPCError.Code) async throws {
    var harness = Harness()
    harness.maximumAddresses = 8
    let source = harness.workloads
    source.complete()
    let error = await #expect(throws: RPCError.self) { _ = try await Self.talk(harness, [request], hears: 1) }
    #expect(error?.code == code)
    #expect(source.isIdle)
  }

  @Test func `all clients together have a limit`() async throws {
    var harness = Harness()
    var configuration = WorkloadSource.Configuration()
    configuration.maximumSubscriptions = 2
    harness.workloads = WorkloadSource(
      configuration: configuration,
      metrics: WorkloadMetrics(factory: NOOPMetricsHandler.instance)
    )
    let made = harness
    harness.workloads.complete()
    let error = await #expect(throws: RPCError.self) {
      _ = try await Self.talk(
        made,
        [.with { $0.resourceNamesSubscribe = ["10.0.0.1", "10.0.0.2", "10.0.0.3"] }],
        hears: 1
      )
    }
    #expect(error?.code == .resourceExhausted)
    #expect(harness.workloads.isIdle)
  }

  @Test func `a stream ends with its credential, and when its Pod has`() async throws {
    for ends in [false, true] {
      let harness = Harness()
      let source = harness.workloads
      source.complete()
      let error = await #expect(throws: RPCError.self) {
        _ = try await Self.talk(
          harness,
          [.with { $0.resourceNamesSubscribe = ["10.0.0.1"] }],
          then: { _ in if ends { source.end { _ in true } } else { source.tick(now: .distantFuture) } },
          hears: 2
        )
      }
      #expect(error?.code == .unavailable)
      #expect(source.isIdle)
    }
  }
}
