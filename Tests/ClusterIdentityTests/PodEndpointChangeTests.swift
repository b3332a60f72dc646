import Injection
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import Logging
import MetricsTestKit
import SPIFFE
import Testing
import WorkloadDiscovery

@testable import ClusterIdentity

@Suite(.timeLimit(.minutes(1)))
struct PodEndpointChangeTests {
  private static func pod(_ name: String, address: String?, phase: String = "Running") -> JSONValue {
    var status: JSONValue = ["phase": .string(phase)]
    if let address { status["podIP"] = .string(address) }
    return [
      "metadata": ["name": .string(name), "namespace": "shop"],
      "spec": ["containers": [["name": "app", "image": "app"]]], "status": status,
    ]
  }

  @Test func `what becomes of Pods' addresses is told by the watch that is there already`() async throws {
    let server = InMemoryAPIServer()
    try await server.create(.namespaces, ["metadata": ["name": "shop"]])
    let trustDomain = try TrustDomain("cluster.local")
    let objects = BoundObjects(
      server,
      endpoint: { PodEndpoint($0, trustDomain: trustDomain) },
      metrics: ClusterIdentityMetrics(factory: TestMetrics()),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    let (changes, told) = AsyncStream.makeStream(of: PodEndpointChange.self)
    objects.onEndpoints { for change in $0 { told.yield(change) } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try? await objects.run() }
      var seen = changes.makeAsyncIterator()
      await server.observed.wait { $0.requests("watch", .pods) == 1 }
      // Without an address there is nothing to tell.
      try await server.create(.pods, Self.pod("first", address: nil, phase: "Pending"))
      try await server.updateStatus(.pods, Self.pod("first", address: "10.0.0.1"))
      let first = try #require(await seen.next())
      #expect(first.endpoint?.addresses.map(\.description) == ["10.0.0.1"] && !first.isLeaving)
      try await server.updateStatus(.pods, Self.pod("first", address: "10.0.0.1", phase: "Succeeded"))
      #expect(await seen.next() == PodEndpointChange(uid: first.uid, isLeaving: false, endpoint: nil))
      try await server.create(.pods, Self.pod("second", address: "10.0.0.1"))
      let second = try #require(await seen.next())
      #expect(second.uid != first.uid && second.endpoint != nil)
      try await server.delete(.pods, ObjectKey(namespace: "shop", name: "second"))
      let third = try #require(await seen.next())
      #expect(third.uid == second.uid && third.endpoint == nil)
      group.cancelAll()
    }
  }
}
