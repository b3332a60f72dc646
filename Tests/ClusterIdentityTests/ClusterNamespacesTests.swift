import Injection
import KubernetesAPI
import KubernetesObjects
import Testing

@testable import ClusterIdentity
@testable import KubernetesTesting

struct ClusterNamespacesTests {
  private static let injection = MeshNames.injectionLabel
  private static let revision = MeshNames.revisionLabel

  private let server = InMemoryAPIServer()
  private let clock = ManualClock()

  private func run(_ body: @escaping @Sendable (ClusterNamespaces) async throws -> Void) async throws {
    let namespaces = ClusterNamespaces(
      server,
      revision: "default",
      time: Timekeeper(clock),
      draw: { 0.5 },
      metrics: TestCluster.metrics,
      logger: TestCluster.logger
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await namespaces.run() }
      try await namespaces.waitUntilSynced()
      await server.observed.wait { $0.watchCount == 1 }
      defer { group.cancelAll() }
      try await body(namespaces)
    }
  }

  private static func namespace(_ labels: [String: String], annotations: [String: String] = [:]) -> JSONValue {
    ["metadata": ["name": "shop", "labels": strings(labels), "annotations": strings(annotations)]]
  }

  private static func strings(_ map: [String: String]) -> JSONValue {
    .object(JSONObject(map.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
  }

  private var reads: Int { server.observed.state.requests("get", .namespaces) }

  /// From now on the informer hears nothing, until time moves on.
  private func deafen() async {
    server.endWatches(throwing: .cut)
    await clock.waitForSleepers(1)
  }

  @Test func `what is known and fits is told at once`() async throws {
    let labels = [Self.injection: "enabled", "pod-security.kubernetes.io/enforce": "baseline", "team": "a"]
    let annotations = [MeshNames.prefix + "log-level": "debug", "kubectl.kubernetes.io/last-applied": "{}"]
    try await server.create(.namespaces, Self.namespace(labels, annotations: annotations))
    try await run { namespaces in
      let expected = NamespaceMetadata(
        name: "shop",
        labels: [Self.injection: "enabled", "pod-security.kubernetes.io/enforce": "baseline"],
        annotations: [MeshNames.prefix + "log-level": "debug"]
      )
      let question = NamespaceQuestion(name: "shop", selector: .namespace)
      #expect(namespaces.cached(question) == .known(expected))
      #expect(await namespaces.namespace(question) == expected)
      #expect(reads == 0)
    }
  }

  @Test func `a namespace that was labelled just now is read`() async throws {
    try await server.create(.namespaces, Self.namespace([:]))
    try await run { namespaces in
      await deafen()
      try await server.update(.namespaces, Self.namespace([Self.injection: "enabled"]))
      let question = NamespaceQuestion(name: "shop", selector: .namespace)
      #expect(namespaces.cached(question) == .unknown)
      #expect(await namespaces.namespace(question)?.labels == [Self.injection: "enabled"])
      // The next Pod of the same burst does not wait.
      #expect(namespaces.cached(question) != .unknown)
      #expect(await namespaces.namespace(question)?.labels == [Self.injection: "enabled"])
      #expect(reads == 1)
      // By its labels alone what the informer knows is good enough.
      #expect(namespaces.cached(NamespaceQuestion(name: "shop", selector: .labels)) != .unknown)
    }
  }

  @Test func `a namespace that is not known is read, by all who ask at once in one go`() async throws {
    try await run { namespaces in
      await deafen()
      try await server.create(.namespaces, Self.namespace([Self.injection: "enabled"]))
      server.hold()
      let question = NamespaceQuestion(name: "shop", selector: .namespace)
      await withTaskGroup(of: NamespaceMetadata?.self) { group in
        for _ in 0..<10 { group.addTask { await namespaces.namespace(question) } }
        await server.observed.wait { $0.held == 1 }
        while namespaces.waiting < 9 { await Task.yield() }
        server.answer()
        for await metadata in group { #expect(metadata?.labels == [Self.injection: "enabled"]) }
      }
      #expect(reads == 1)
    }
  }

  @Test func `a namespace that is not there is nothing`() async throws {
    try await run { namespaces in
      #expect(await namespaces.namespace(NamespaceQuestion(name: "none", selector: .pod)) == nil)
    }
  }

  @Test func `where the API server says nothing, labels that do not fit are not told`() async throws {
    try await server.create(
      .namespaces,
      Self.namespace([Self.revision: "canary"], annotations: [MeshNames.prefix + "log-level": "debug"])
    )
    try await run { namespaces in
      server.goAway()
      let metadata = await namespaces.namespace(NamespaceQuestion(name: "shop", selector: .namespace))
      #expect(metadata?.labels == nil)
      #expect(metadata?.annotations == [MeshNames.prefix + "log-level": "debug"])
      #expect(await namespaces.namespace(NamespaceQuestion(name: "new", selector: .namespace)) == nil)
    }
  }

  @Test func `a look takes two seconds at most`() async throws {
    try await run { namespaces in
      server.hold()
      async let metadata = namespaces.namespace(NamespaceQuestion(name: "new", selector: .namespace))
      await server.observed.wait { $0.held == 1 }
      await clock.waitForSleepers(1)
      clock.advance(by: .seconds(2))
      server.answer()
      #expect(await metadata == nil)
    }
  }

  @Test func `only the webhook that those labels call fits`() {
    func fits(
      _ selector: WebhookSelector,
      _ labels: [String: String],
      inject: String? = nil,
      rev: String? = nil
    ) -> Bool {
      NamespaceQuestion(name: "shop", selector: selector, injectLabel: inject, revisionLabel: rev)
        .fits(NamespaceMetadata(name: "shop", labels: labels), revision: "default")
    }
    let (enabled, disabled) = ([Self.injection: "enabled"], [Self.injection: "disabled"])
    let (ours, other) = ([Self.revision: "default"], [Self.revision: "canary"])
    #expect(fits(.namespace, enabled))
    for labels in [[:], disabled, ours, enabled.merging(ours) { $1 }] { #expect(!fits(.namespace, labels)) }
    for labels in [[:], enabled, disabled] { #expect(fits(.pod, labels, inject: "true")) }
    #expect(!fits(.pod, ours, inject: "true"))
    #expect(fits(.revision, ours))
    #expect(fits(.revision, ours.merging(disabled) { $1 }, inject: "true"))
    for labels in [[:], enabled, other, ours.merging(disabled) { $1 }] { #expect(!fits(.revision, labels)) }
    for labels in [[:], enabled, other] { #expect(fits(.revision, labels, rev: "default")) }
    #expect(!fits(.revision, disabled, rev: "default"))
    #expect(fits(.revision, disabled, inject: "true", rev: "default"))
    for labels in [[:], enabled, disabled, ours, other] { #expect(fits(.labels, labels)) }
  }

  @Test func `the Pod's labels come from the review`() throws {
    let pod: JSONValue = [
      "metadata": ["labels": [MeshNames.injectLabel: "true", MeshNames.revisionLabel: "canary", "app": "x"]]
    ]
    let view = try JSONDocument(parsing: pod.serialized()).root
    #expect(
      NamespaceQuestion(name: "shop", selector: .revision, pod: view)
        == NamespaceQuestion(name: "shop", selector: .revision, injectLabel: "true", revisionLabel: "canary")
    )
  }
}
