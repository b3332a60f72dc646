import Injection
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import Logging
import MetricsTestKit
import NIOConcurrencyHelpers
import Testing

@testable import ClusterIdentity

@Suite(.timeLimit(.minutes(1)))
struct BoundSidecarTests {
  private static func pod(_ name: String, phase: String = "Pending", sidecar: Bool = false) -> JSONValue {
    let app: JSONValue = ["name": "app", "image": "app"]
    let proxy: JSONValue = ["name": "amesh-proxy", "image": "proxy"]
    return [
      "metadata": ["name": .string(name), "namespace": "shop"],
      "spec": ["containers": .array(sidecar ? [app, proxy] : [app])], "status": ["phase": .string(phase)],
    ]
  }

  @Test func `what becomes of Pods' sidecars is told by the watch that is there already`() async throws {
    let server = InMemoryAPIServer()
    try await server.create(.namespaces, ["metadata": ["name": "shop"]])
    try await server.create(.pods, Self.pod("first"))
    let objects = BoundObjects(
      server,
      sidecar: { PodSidecar($0) },
      metrics: ClusterIdentityMetrics(factory: TestMetrics()),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    let (changes, told) = AsyncStream.makeStream(of: SidecarChange.self)
    objects.onSidecars { for change in $0 { told.yield(change) } }
    let (bare, meshed) = (PodSidecar(), PodSidecar(hasProxy: true))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try? await objects.run() }
      var seen = changes.makeAsyncIterator()
      #expect(await seen.next() == SidecarChange(namespace: "shop", before: nil, after: bare))
      await server.observed.wait { $0.requests("watch", .pods) == 1 }
      try await server.create(.pods, Self.pod("second", sidecar: true))
      #expect(await seen.next() == SidecarChange(namespace: "shop", before: nil, after: meshed))
      // Nothing of it changes, so nothing is told.
      try await server.updateStatus(.pods, Self.pod("second", phase: "Running", sidecar: true))
      try await server.updateStatus(.pods, Self.pod("second", phase: "Succeeded", sidecar: true))
      #expect(await seen.next() == SidecarChange(namespace: "shop", before: meshed, after: nil))
      try await server.delete(.pods, ObjectKey(namespace: "shop", name: "first"))
      #expect(await seen.next() == SidecarChange(namespace: "shop", before: bare, after: nil))
      #expect(server.observed.state.requests("watch", .pods) == 1, "nobody watches Pods a second time")
      group.cancelAll()
    }
  }

  @Test func `Pods that are alike share what is known of them`() throws {
    let reader = SidecarReader { PodSidecar($0) }
    let pods = try ["a", "b"].map { try JSONDocument(parsing: Self.pod($0).serialized()).root }
    let sidecars = pods.map { reader.sidecar($0) }
    #expect(sidecars[0] != nil && sidecars[0] === sidecars[1])
    #expect(MemoryLayout<SharedSidecar?>.size == 8, "what each Pod costs")
  }
}
