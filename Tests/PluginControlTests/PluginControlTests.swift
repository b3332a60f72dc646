import CoreMetrics
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import Logging
import NIOConcurrencyHelpers
import PluginConfiguration
import Testing

@testable import PluginControl

@Suite(.timeLimit(.minutes(1)))
struct PluginControlTests {
  private let twin = InMemoryAPIServer()
  private let hub = PluginHub()
  private let bell = PluginBell()
  private let clock = ManualClock()
  private let leads = NIOLockedValueBox(true)
  private let live = NIOLockedValueBox<Set<String>>(["one", "two"])
  private let notices = NIOLockedValueBox<[PluginNotice]>([])
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private let web = PluginIndex.Pod(namespace: "shop", name: "web")

  private static func config(_ name: String, _ config: JSONValue = [:]) -> JSONValue {
    [
      "apiVersion": "apisix.apache.org/v1alpha1", "kind": "AmeshPluginConfig",
      "metadata": ["name": .string(name), "namespace": "shop"],
      "spec": ["plugins": [["name": "cors", "config": config]]],
    ]
  }

  private func makeWatch() async throws -> PluginConfigWatch {
    for namespace in ["shop", "amesh-system"] {
      _ = try await twin.create(.namespaces, ["metadata": ["name": .string(namespace)]])
    }
    return PluginConfigWatch(
      client: twin,
      hub: hub,
      check: PluginConfigCheck(),
      waitForPods: {},
      onChange: { [bell] in bell.ring() },
      time: Timekeeper(clock),
      logger: logger
    )
  }

  private func makeReports(_ replica: String) -> PluginReports {
    PluginReports(
      client: twin,
      namespace: "amesh-system",
      replica: replica,
      live: { [live] in live.withLockedValue { $0 } },
      onChange: {},
      time: Timekeeper(clock),
      logger: logger
    )
  }

  private func makeKeeper(_ watch: PluginConfigWatch, _ reports: PluginReports) -> PluginStatusKeeper {
    PluginStatusKeeper(
      client: twin,
      hub: hub,
      watch: watch,
      reports: reports,
      bell: bell,
      leads: { [leads] in leads.withLockedValue { $0 } },
      now: { "2026-01-01T00:00:00Z" },
      onNotice: { [notices] notice in notices.withLockedValue { $0.append(notice) } },
      time: Timekeeper(clock),
      metrics: NOOPMetricsHandler.instance,
      logger: logger
    )
  }

  /// Runs `body` while all that is given runs.
  private func running(
    _ services: [@Sendable () async throws -> Void],
    _ body: @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for service in services { group.addTask { try await service() } }
      try await body()
      group.cancelAll()
    }
  }

  private func watched(_ count: Int) async {
    await twin.observed.wait { $0.requests("watch", .pluginConfigs) >= count }
  }

  private func expect(
    _ name: String,
    _ type: String,
    _ field: String,
    _ value: String,
    at place: SourceLocation = #_sourceLocation
  ) async throws {
    let object = try await twin.get(.pluginConfigs, ObjectKey(namespace: "shop", name: name)).root.value
    let condition = object["status"]?["conditions"]?.array?.first { $0["type"]?.string == type }
    #expect(condition?[field]?.string == value, sourceLocation: place)
  }

  @Test func `a kind that is not there means no plugins, and is found when it comes`() async throws {
    let absent = APIError.twin(404, "NotFound", "the server could not find the requested resource")
    twin.fail(TwinFault(absent, count: 2) { $0.resource == .pluginConfigs })
    let watch = try await makeWatch()
    hub.take([(web, [:])])
    let stream = hub.subscribe(web) {}
    try await running([{ try await watch.run() }]) {
      await clock.waitForSleepers(1)
      #expect(watch.isInstalled == false)
      #expect(stream.current == .set(PluginSet()))
      clock.advance(by: PluginConfigWatch.pulse)
      await clock.waitForSleepers(1)
      #expect(watch.isInstalled == false)
      _ = try await twin.create(.pluginConfigs, Self.config("a"))
      clock.advance(by: PluginConfigWatch.pulse)
      await watched(1)
      #expect(watch.isInstalled == true)
      guard case .set(let set) = stream.current else { return #expect(Bool(false), "no set") }
      #expect(set.parts.map(\.key.name) == ["a"])
    }
  }

  @Test func `other rules judge what is there already`() async throws {
    let watch = try await makeWatch()
    _ = try await twin.create(.pluginConfigs, Self.config("a", ["x": "1"]))
    try await running([{ try await watch.run() }]) {
      await watched(1)
      #expect(hub.read { $0.configs.count } == 1)
      let schemas = try PluginSchemas(["plugins": ["cors": ["schema": ["properties": ["x": ["type": "number"]]]]]])
      watch.replace(PluginConfigCheck(schemas: schemas))
      #expect(hub.read { $0.configs.count } == 0)
      #expect(
        watch.configs.first?.problems.map(\.description) == [
          "spec.plugins[0].config.x: has to be a number, not a string"
        ]
      )
    }
  }

  @Test func `statuses are written by who leads, once for one state of things`() async throws {
    let watch = try await makeWatch()
    let reports = makeReports("one")
    let keeper = makeKeeper(watch, reports)
    _ = try await twin.create(.pluginConfigs, Self.config("a"))
    _ = try await twin.create(.pluginConfigs, Self.config("bad", "{"))
    hub.take([(web, [:])])
    try await running([{ try await watch.run() }]) {
      await watched(1)
      leads.withLockedValue { $0 = false }
      await keeper.round()
      #expect(twin.observed.state.requests("patch", .pluginConfigs) == 0)
      leads.withLockedValue { $0 = true }
      await keeper.round()
      await keeper.round()
      #expect(twin.observed.state.requests("patch", .pluginConfigs) == 2)
      try await expect("a", "Accepted", "status", "True")
      try await expect("a", "Programmed", "reason", "Pending")
      try await expect("bad", "Accepted", "reason", "Invalid")
      #expect(notices.withLockedValue { $0.map(\.reason) } == ["PluginConfigInvalid"])

      let stream = hub.subscribe(web) {}
      guard case .set(let set) = stream.current else { return #expect(Bool(false), "no set") }
      stream.sending(set)
      #expect(hub.acknowledge(web, revision: set.revision, refusals: [:]))
      await keeper.round()
      try await expect("a", "Programmed", "status", "True")
      // Told to the others too.
      #expect(twin.observed.state.requests("patch", .configMaps) == 1)
    }
  }

  @Test func `a config that is made anew gets its status anew`() async throws {
    let watch = try await makeWatch()
    let keeper = makeKeeper(watch, makeReports("one"))
    try await running([{ try await watch.run() }]) {
      for count in 1...2 {
        _ = try await twin.create(.pluginConfigs, Self.config("bad", "{"))
        if count == 1 { await watched(1) }
        while watch.configs.first?.problems.isEmpty ?? true { await Task.yield() }
        // Its watch may not have told yet what was written.
        await keeper.round()
        #expect(twin.observed.state.requests("patch", .pluginConfigs) == count)
        try await expect("bad", "Accepted", "reason", "Invalid")
        let old = watch.configs.first?.stored.uid
        _ = try await twin.delete(.pluginConfigs, ObjectKey(namespace: "shop", name: "bad"))
        while watch.configs.first?.stored.uid == old, old != nil, !watch.configs.isEmpty { await Task.yield() }
      }
    }
  }

  @Test func `what live replicas have is added up`() async throws {
    let watch = try await makeWatch()
    let reports = makeReports("one")
    let keeper = makeKeeper(watch, reports)
    let created = try await twin.create(.pluginConfigs, Self.config("a")).root.value
    let version = "\(created["metadata"]?["uid"]?.string ?? "")/1"
    hub.take([(web, [:]), (PluginIndex.Pod(namespace: "shop", name: "api"), [:])])
    let key = PluginConfigKey(namespace: "shop", name: "a")
    var standing = PluginStanding(version: version)
    standing.acknowledged = 2
    let told = [key: standing]
    try await running([{ try await watch.run() }, { try await reports.run() }]) {
      await watched(1)
      await makeReports("two").tell(told)
      await twin.observed.wait { $0.requests("watch", .configMaps) >= 1 }
      await makeReports("three").tell(told)
      while reports.others.isEmpty { await Task.yield() }
      await keeper.round()
      try await expect("a", "Programmed", "message", "2 selected sidecars have it in force")
      // One that is not heard of any more counts no more, and is taken out.
      live.withLockedValue { $0 = ["one"] }
      await keeper.round()
      try await expect("a", "Programmed", "message", "0 of 2 selected sidecars have it in force")
    }
  }

  @Test func `reports survive their text, and what is no report is left out`() {
    let key = PluginConfigKey(namespace: "shop", name: "a")
    var standing = PluginStanding(version: "u/3")
    standing.acknowledged = 7
    standing.refused = 1
    standing.refusal = "no room"
    let standings = [key: standing]
    #expect(StandingReport.standings(StandingReport.text(standings)) == standings)
    for text in ["", "[]", #"{"a":{}}"#, #"{"shop/a":{"version":"1","acknowledged":-1}}"#] {
      #expect(StandingReport.standings(text) == [:])
    }
    var other = standing
    other.version = "u/2"
    let sum = StandingReport.sum([standings, standings, [key: other]], of: key, version: "u/3")
    #expect((sum.acknowledged, sum.refused) == (14, 2))
    let many = (0..<5000).map { (PluginConfigKey(namespace: "shop", name: "config-\($0)"), standing) }
    let text = StandingReport.text(Dictionary(uniqueKeysWithValues: many))
    #expect(text.utf8.count <= StandingReport.maximumBytes)
    #expect(StandingReport.standings(text).count > 1000)
  }
}
