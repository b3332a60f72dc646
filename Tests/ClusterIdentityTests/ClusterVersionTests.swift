import Injection
import KubernetesAPI
import KubernetesObjects
import Testing

@testable import ClusterIdentity
@testable import KubernetesTesting

struct ClusterVersionTests {
  @Test(arguments: [
    ("v1.33.0", 33), ("v1.29.3-eks-1234", 29), ("v1.30.0+k3s1", 30), ("1.31+", 31), ("v1.7.0", 7),
  ])
  func `versions are read as servers spell them`(text: String, minor: Int) {
    #expect(KubernetesVersion.minor(text) == minor)
  }

  @Test(arguments: ["", "v1", "v1.", "v2.0.0", "v1.x", "1.٣", "v1.99999999999999999999", "one.two"])
  func `what is no version is none`(text: String) {
    #expect(KubernetesVersion.minor(text) == nil)
  }

  @Test func `the answer's numbers stand in for a version that can't be read`() {
    #expect(KubernetesVersion.minor(answer: Array(#"{"major":"1","minor":"29+"}"#.utf8)) == 29)
    #expect(KubernetesVersion.minor(answer: Array(#"{"gitVersion":"v1.28.1","minor":"29+"}"#.utf8)) == 28)
    #expect(KubernetesVersion.minor(answer: Array("{}".utf8)) == nil)
    #expect(KubernetesVersion.minor(answer: Array("<html>".utf8)) == nil)
  }

  private static func node(
    _ name: String,
    _ version: String,
    isReady: Bool = true,
    isUnschedulable: Bool = false,
    system: String = "linux"
  ) -> JSONValue {
    [
      "metadata": ["name": .string(name)], "spec": ["unschedulable": .bool(isUnschedulable)],
      "status": [
        "nodeInfo": ["kubeletVersion": .string(version), "operatingSystem": .string(system)],
        "conditions": [
          ["type": "MemoryPressure", "status": "True"],
          ["type": "Ready", "status": .string(isReady ? "True" : "False")],
        ],
      ],
    ]
  }

  private static func oldest(server: Int = 33, _ nodes: JSONValue...) throws -> Int? {
    let kubelets = try nodes.compactMap { KubeletVersion(try JSONDocument(parsing: $0.serialized()).root) }
    return ClusterVersion.capabilities(server: server, nodes: kubelets).minorVersion
  }

  @Test func `the oldest of what Pods are given to counts`() throws {
    #expect(try Self.oldest() == 33)
    #expect(try Self.oldest(Self.node("a", "v1.33.1"), Self.node("b", "v1.28.9")) == 28)
    #expect(try Self.oldest(server: 27, Self.node("a", "v1.28.9")) == 27)
    #expect(try Self.oldest(Self.node("a", "v1.33.1"), Self.node("b", "v1.20.0", system: "windows")) == 33)
    #expect(try Self.oldest(Self.node("a", "v1.33.1"), Self.node("b", "v1.28.0", isReady: false)) == 33)
    #expect(try Self.oldest(Self.node("a", "v1.33.1"), Self.node("b", "v1.28.0", isUnschedulable: true)) == 33)
    // Where none is ready, the first that will be may be any.
    #expect(try Self.oldest(Self.node("b", "v1.28.0", isReady: false)) == 28)
    #expect(try Self.oldest(Self.node("a", "v1.33.1"), Self.node("b", "unknown")) == nil)
  }

  @Test func `upgrades of nodes and server are followed`() async throws {
    let server = InMemoryAPIServer()
    let clock = ManualClock()
    try await server.create(.nodes, Self.node("a", "v1.28.0"))
    let version = ClusterVersion(server, time: Timekeeper(clock), draw: { 0.5 }, logger: TestCluster.logger)
    let seen = Observed<[Int?]>([])
    version.onChange { [weak version] in
      guard let version else { return }
      seen.change { $0.append(version.capabilities.minorVersion) }
    }
    #expect(version.capabilities.minorVersion == nil)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await version.run() }
      await seen.wait { $0 == [28] }
      await server.observed.wait { $0.watchCount == 1 }
      try await server.updateStatus(.nodes, Self.node("a", "v1.33.0"))
      await seen.wait { $0 == [28, 33] }
      await clock.waitForSleepers(1)
      server.serve("/version", Array(#"{"gitVersion":"v1.29.0"}"#.utf8))
      clock.advance(by: .seconds(300))
      await seen.wait { $0 == [28, 33, 29] }
      group.cancelAll()
    }
  }

  @Test func `nothing is known without the nodes or without the server's version`() async {
    let server = InMemoryAPIServer()
    server.fail(TwinFault(.twin(403, "Forbidden", "nodes is forbidden"), count: .max, where: { $0.resource == .nodes }))
    let clock = ManualClock()
    let version = ClusterVersion(server, time: Timekeeper(clock), draw: { 0.5 }, logger: TestCluster.logger)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await version.run() }
      await clock.waitForSleepers(2)
      #expect(version.capabilities.minorVersion == nil)
      #expect(!version.hasSynced)
      #expect(version.problem != nil)
      group.cancelAll()
    }
  }
}
