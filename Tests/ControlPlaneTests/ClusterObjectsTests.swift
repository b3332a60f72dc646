import CertificateAuthority
import CertificateTesting
import FoundationEssentials
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import Testing

@testable import ControlPlane

/// The bundle in every namespace and in the webhook configuration, on the twin by a clock that stands, and on a real server.
@Suite(.serialized) struct ClusterObjectsTests {
  private let pems: [String]

  init() throws {
    let maker = CertificateMaker(notBefore: Date(timeIntervalSince1970: 1_767_225_600))
    let (old, new) = (try maker.root("old").pem, try maker.root("new").pem)
    pems = [old, old + new]
  }

  /// Both services, with what they are told in hand.
  private struct Parts: Sendable {
    let wanted: NIOLockedValueBox<WantedBundle?>
    let leads: NIOLockedValueBox<Bool>
    let newest: NIOLockedValueBox<Int?>
    let bundles: BundleDistribution
    let webhooks: WebhookPatcher

    /// Those of the roots that every namespace has.
    func reached(_ roots: Set<AuthorityID>) -> Set<AuthorityID> {
      Set((bundles.reach(of: roots) ?? [:]).filter { $0.value == BundleSpread.Reach() }.keys)
    }

    init(_ client: any KubernetesClient, _ names: ObjectNames, webhook: String, time: Timekeeper, pem: String) {
      let wanted = NIOLockedValueBox<WantedBundle?>(WantedBundle(pem: pem, generation: 1))
      let leads = NIOLockedValueBox(true)
      let newest = NIOLockedValueBox<Int?>(1)
      self.wanted = wanted
      self.leads = leads
      self.newest = newest
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      bundles = BundleDistribution(
        client: client,
        names: names,
        isSelected: { $0.labels["skip"] == nil },
        wanted: { wanted.withLockedValue { $0 } },
        newestGeneration: { newest.withLockedValue { $0 } },
        leads: { leads.withLockedValue { $0 } },
        time: time,
        draw: { 0.5 },
        logger: logger
      )
      webhooks = WebhookPatcher(
        client: client,
        name: webhook,
        revision: "default",
        roots: { wanted.withLockedValue { $0?.pem } },
        time: time,
        draw: { 0.5 },
        logger: logger
      )
    }

    func want(_ pem: String, _ generation: Int) {
      wanted.withLockedValue { $0 = WantedBundle(pem: pem, generation: generation) }
      bundles.look()
      webhooks.look()
    }

    /// Lets the watches come after what the server holds.
    func heard(current: Int) async {
      while bundles.status.current != current { await Task.yield() }
    }

    func run<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try? await bundles.run() }
        group.addTask { try? await webhooks.run() }
        defer { group.cancelAll() }
        return try await body()
      }
    }
  }

  static func webhook(_ name: String, revision: String = "default") -> JSONValue {
    func hook(_ name: String) -> JSONValue {
      [
        "name": .string(name),
        "clientConfig": [
          "service": ["name": "amesh", "namespace": "amesh-system", "path": "/inject/pod", "port": 443]
        ],
        "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Ignore", "timeoutSeconds": 5,
        "objectSelector": ["matchLabels": ["amesh.apisix.apache.org/never": "true"]],
        "rules": [
          [
            "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"],
            "scope": "Namespaced",
          ]
        ],
      ]
    }
    return [
      "apiVersion": "admissionregistration.k8s.io/v1",
      "kind": "MutatingWebhookConfiguration",
      "metadata": ["name": .string(name), "labels": ["amesh.apisix.apache.org/control-plane-rev": .string(revision)]],
      "webhooks": .array(
        ["namespace", "pod"].map { hook("\($0).injection.amesh.apisix.apache.org") } + [hook("x.example.com")]
      ),
    ]
  }

  private static func bundle(_ object: JSONValue) -> [String?] {
    (object["webhooks"]?.array ?? []).map { hook in
      hook["clientConfig"]?["caBundle"]?.string.flatMap { Data(base64Encoded: $0) }
        .map { String(decoding: $0, as: UTF8.self) }.flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  private static func text(_ client: any KubernetesClient, _ namespace: String, _ name: String) async throws -> String?
  {
    try await client.find(.configMaps, ObjectKey(namespace: namespace, name: name))?.root.value["data"]?[
      "root-cert.pem"
    ]?
    .string
  }

  // MARK: On the twin

  private func onTwin(
    forbidden: Set<String> = [],
    _ body: (InMemoryAPIServer, ManualClock, Parts) async throws -> Void
  ) async throws {
    let (server, clock) = (InMemoryAPIServer(), ManualClock())
    for name in ["amesh-system", "shop"] { try await server.create(.namespaces, ["metadata": ["name": .string(name)]]) }
    try await server.create(.namespaces, ["metadata": ["name": "out", "labels": ["skip": "yes"]]])
    try await server.create(.mutatingWebhookConfigurations, Self.webhook("ours"))
    try await server.create(.mutatingWebhookConfigurations, Self.webhook("theirs", revision: "canary"))
    let names = ObjectNames(namespace: "amesh-system")
    let client = CuttableClient(server)
    client.forbidden = forbidden
    let parts = Parts(client, names, webhook: "ours", time: Timekeeper(clock), pem: pems[0])
    try await parts.run { try await body(server, clock, parts) }
  }

  /// Lets moments pass until something holds: whoever is told of a conflict, or has not heard of anything yet, waits one.
  private func see(
    _ server: InMemoryAPIServer,
    _ clock: ManualClock,
    _ condition: @Sendable (InMemoryAPIServer.State) -> Bool
  ) async {
    while !condition(server.observed.state) {
      for _ in 0..<20 { await Task.yield() }
      clock.advance(by: .milliseconds(10))
    }
  }

  private static func has(_ pem: String, in namespace: String) -> @Sendable (InMemoryAPIServer.State) -> Bool {
    { $0.text("root-cert.pem", ofConfigMap: "amesh-root", in: namespace) == pem }
  }

  @Test(.timeLimit(.minutes(1))) func `every namespace gets the bundle, new ones too, and it is mended`() async throws {
    try await onTwin { server, clock, parts in
      for name in ["amesh-system", "shop", "default", "kube-system"] {
        await see(server, clock, Self.has(pems[0], in: name))
      }
      #expect(try await Self.text(server, "out", "amesh-root") == nil)
      try await server.create(.namespaces, ["metadata": ["name": "new"]])
      await see(server, clock, Self.has(pems[0], in: "new"))
      let key = ObjectKey(namespace: "shop", name: "amesh-root")
      try await server.patch(.configMaps, key, .merge(["data": ["root-cert.pem": "mine", "other": "kept"]]))
      await see(server, clock, Self.has(pems[0], in: "shop"))
      #expect(try await server.get(.configMaps, key).root.value["data"]?["other"] == "kept")
      try await server.delete(.configMaps, key)
      await see(server, clock, Self.has(pems[0], in: "shop"))
      parts.want(pems[1], 2)
      for name in ["amesh-system", "shop", "new"] { await see(server, clock, Self.has(pems[1], in: name)) }
    }
  }

  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      APIError.unreachable, .cut, .throttled(retryAfter: .seconds(2)), .twin(503, "ServiceUnavailable", "later"),
      .twin(409, "Conflict", "the object has been modified"),
    ]
  )
  func `what goes wrong is tried again, without an end`(_ error: APIError) async throws {
    try await onTwin { server, clock, parts in
      await see(server, clock, Self.has(pems[0], in: "shop"))
      server.fail(TwinFault(error, count: 12) { $0.verb == "patch" })
      parts.want(pems[1], 2)
      var steps = 0
      while !Self.has(pems[1], in: "shop")(server.observed.state), steps < 400 {
        steps += 1
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(5))
      }
      #expect(Self.has(pems[1], in: "shop")(server.observed.state))
    }
  }

  @Test(.timeLimit(.minutes(1))) func `it has reached all when kubelets have had their time`() async throws {
    try await onTwin { server, clock, parts in
      let (old, both) = (PublishedBundle.roots(pems[0]), PublishedBundle.roots(pems[1]))
      for name in ["amesh-system", "shop", "default", "kube-system", "kube-public", "kube-node-lease"] {
        await see(server, clock, Self.has(pems[0], in: name))
      }
      await parts.heard(current: 6)
      #expect(parts.reached(both) == [])
      clock.advance(by: BundleSpread.kubeletLag)
      #expect(parts.reached(both) == old)
      #expect(parts.bundles.status.current == 6)
      #expect(parts.bundles.status.namespaces == 6)
      // A namespace that is new has no Pod with anything older.
      try await server.create(.namespaces, ["metadata": ["name": "new"]])
      await see(server, clock, Self.has(pems[0], in: "new"))
      await parts.heard(current: 7)
      #expect(parts.reached(both) == old)
      // Where it was missing for a moment, Pods may have seen that.
      let before = server.observed.state.requests("patch", .configMaps)
      try await server.delete(.configMaps, ObjectKey(namespace: "shop", name: "amesh-root"))
      await see(server, clock) { $0.requests("patch", .configMaps) > before }
      await see(server, clock, Self.has(pems[0], in: "shop"))
      await parts.heard(current: 7)
      #expect(parts.reached(both) == [])
    }
  }

  @Test(.timeLimit(.minutes(1))) func `a namespace where we may not write is told of, and holds up nobody`()
    async throws
  {
    try await onTwin(forbidden: ["shop"]) { server, clock, parts in
      for name in ["amesh-system", "default", "kube-system", "kube-public", "kube-node-lease"] {
        await see(server, clock, Self.has(pems[0], in: name))
      }
      await parts.heard(current: 5)
      clock.advance(by: BundleSpread.kubeletLag)
      #expect(parts.reached(PublishedBundle.roots(pems[1])) == PublishedBundle.roots(pems[0]))
      #expect(parts.bundles.status.problems["shop"]?.isForbidden == true)
      #expect(parts.bundles.status.current == 5)
    }
  }

  @Test(.timeLimit(.minutes(1))) func `an older bundle is not written over a newer one`() async throws {
    try await onTwin { server, clock, parts in
      await see(server, clock, Self.has(pems[0], in: "shop"))
      // Another leader has come, whose state has not reached us.
      parts.newest.withLockedValue { $0 = 7 }
      let key = ObjectKey(namespace: "shop", name: "amesh-root")
      let change: JSONValue = [
        "metadata": ["annotations": ["amesh.apisix.apache.org/generation": "7"]],
        "data": ["root-cert.pem": .string(pems[1])],
      ]
      try await server.patch(.configMaps, key, .merge(change))
      for _ in 0..<20 {
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(10))
      }
      await clock.waitForSleepers(2)
      #expect(Self.has(pems[1], in: "shop")(server.observed.state))
      // It was nobody of us: no state is as late as that.
      parts.newest.withLockedValue { $0 = 1 }
      var steps = 0
      while !Self.has(pems[0], in: "shop")(server.observed.state), steps < 100 {
        steps += 1
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(10))
      }
      #expect(Self.has(pems[0], in: "shop")(server.observed.state))
    }
  }

  @Test(.timeLimit(.minutes(1))) func `the caBundle is put in, mended, and nobody else's touched`() async throws {
    try await onTwin { server, clock, parts in
      let (old, both) = (pems[0], pems[1])
      let ours = ObjectKey(name: "ours")
      func isRight(_ pem: String) -> @Sendable (InMemoryAPIServer.State) -> Bool {
        { Self.bundle($0.object(.mutatingWebhookConfigurations, ours) ?? .null) == [pem, pem, nil] }
      }
      await see(server, clock, isRight(old))
      var wiped = Self.webhook("ours")
      wiped["metadata"] = try await server.get(.mutatingWebhookConfigurations, ours).root.value["metadata"]
      try await server.update(.mutatingWebhookConfigurations, wiped)
      await see(server, clock, isRight(old))
      parts.want(both, 2)
      await see(server, clock, isRight(both))
      // A replica that has not heard of the new root yet leaves it alone, and it goes only after a while.
      parts.want(old, 3)
      for _ in 0..<8 {
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(10))
      }
      await clock.waitForSleepers(2)
      #expect(isRight(both)(server.observed.state))
      clock.advance(by: .seconds(20))
      await see(server, clock, isRight(old))
      let theirs = try await server.get(.mutatingWebhookConfigurations, ObjectKey(name: "theirs")).root.value
      #expect(Self.bundle(theirs) == [nil, nil, nil])
    }
  }

  @Test(.timeLimit(.minutes(1))) func `who does not lead writes nothing`() async throws {
    try await onTwin { server, clock, parts in
      await see(server, clock, Self.has(pems[0], in: "shop"))
      parts.leads.withLockedValue { $0 = false }
      await clock.waitForSleepers(2)
      let before = server.observed.state.requests("patch", .configMaps)
      parts.want(pems[1], 2)
      for _ in 0..<5 {
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(61))
      }
      await clock.waitForSleepers(2)
      #expect(server.observed.state.requests("patch", .configMaps) == before)
    }
  }

  // MARK: On a real server

  /// Looks again and again: a real server has no clock of ours.
  private static func poll(_ condition: () async throws -> Bool) async throws -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(30)
    while clock.now < end {
      if try await condition() { return true }
      await Task.yield()
    }
    return false
  }

  @Test(.timeLimit(.minutes(2)), .enabled(if: RealServer.isThere))
  func `a real API server takes what is applied, and it is mended there`() async throws {
    let pems = pems
    try await RealServer.run { client, names in
      let (webhook, key) = (names.trustBundle, names.key(names.trustBundle))
      let hook = ObjectKey(name: webhook)
      try await client.create(.mutatingWebhookConfigurations, Self.webhook(webhook))
      let parts = Parts(client, names, webhook: webhook, time: Timekeeper(), pem: pems[0])
      func hooks() async throws -> [String?] {
        Self.bundle(try await client.get(.mutatingWebhookConfigurations, hook).root.value)
      }
      try await parts.run {
        #expect(try await Self.poll { try await Self.text(client, key.namespace ?? "", key.name) == pems[0] })
        #expect(try await Self.poll { try await Self.text(client, "default", key.name) == pems[0] })
        #expect(try await Self.poll { try await hooks() == [pems[0], pems[0], nil] })
        parts.want(pems[1], 2)
        #expect(try await Self.poll { try await hooks() == [pems[1], pems[1], nil] })
        #expect(try await Self.poll { try await Self.text(client, "default", key.name) == pems[1] })
        let remove = try JSONPatch([["op": "remove", "path": "/webhooks/0/clientConfig/caBundle"]] as JSONValue)
        try await client.patch(.mutatingWebhookConfigurations, hook, .json(remove))
        #expect(try await Self.poll { try await hooks() == [pems[1], pems[1], nil] })
        try await client.delete(.configMaps, ObjectKey(namespace: "default", name: key.name))
        #expect(try await Self.poll { try await Self.text(client, "default", key.name) == pems[1] })
        let after = try await client.get(.mutatingWebhookConfigurations, hook).root.value
        #expect(after["webhooks"]?[1]?["failurePolicy"] == "Ignore", "the rest is as it was")
      }
      for namespace in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        try? await client.delete(.configMaps, ObjectKey(namespace: namespace, name: key.name))
      }
      try await client.delete(.mutatingWebhookConfigurations, hook)
    }
  }
}
