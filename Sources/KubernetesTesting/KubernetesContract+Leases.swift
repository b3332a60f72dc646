import KubernetesAPI
import KubernetesObjects
import Logging
import ServiceLifecycle
import Testing

extension KubernetesContract {
  func leases() async throws {
    let record = LeaseRecord(
      holder: "one",
      duration: 15,
      transitions: 1,
      acquired: "2026-01-02T03:04:05.000006Z",
      renewed: "2026-01-02T03:04:05.000006Z"
    )
    let made = try await client.create(.leases, record.written(into: LeaseRecord.newLease(key("lease")))).root.value
    #expect(LeaseRecord(made) == record)
    var next = record
    next.renewed = "2026-01-02T03:04:06.000000Z"
    let renewed = try await client.update(.leases, next.written(into: made)).root.value
    #expect(LeaseRecord(renewed) == next)
    let late = try await refusal { () throws(APIError) in try await client.update(.leases, record.written(into: made)) }
    #expect(late.isConflict)
    let blind = try await refusal { () throws(APIError) in
      try await client.update(.leases, record.written(into: LeaseRecord.newLease(key("lease"))))
    }
    #expect(blind.isInvalid)
  }

  func election() async throws {
    let first = try await lead("one")
    #expect(first == 1)
    let given = LeaseRecord(try await client.get(.leases, key("election")).root.value)
    #expect(given.holder.isEmpty && given.transitions == 1)
    // It was given back, so nobody waits for its end.
    #expect(try await lead("two") == 2)
  }

  /// Leads once and gives the Lease back.
  ///
  /// - Returns: the fence.
  private func lead(_ identity: String) async throws -> Int? {
    let election = LeaderElection(
      client: client,
      lease: key("election"),
      identity: identity,
      logger: Logger(label: "contract") { _ in SwiftLogNoOpLogHandler() }
    )
    let led = Observed(Int?.none)
    election.onChange { leadership in
      if let leadership { led.change { $0 = leadership.fence } }
    }
    try await serving(election) { await led.wait { $0 != nil } }
    #expect(election.leadership == nil)
    return led.state
  }

  func informer() async throws {
    let informer = Informer(
      client,
      .configMaps,
      selection: ObjectSelection(namespace: namespace, labels: "kept=yes"),
      pageSize: 2,
      projection: { $0["data"]?.string(of: "a") },
      index: { _, value in [value] },
      logger: Logger(label: "contract") { _ in SwiftLogNoOpLogHandler() }
    )
    let kept: JSONValue = ["kept": "yes"]
    for name in ["one", "two", "three"] {
      try await client.create(.configMaps, configMap(name, ["a": .string(name)], labels: kept))
    }
    let known = Observed([ObjectKey: String]())
    informer.onChange { [unowned informer] _ in known.change { $0 = informer.all } }
    try await serving(informer) {
      try await informer.waitUntilSynced()
      #expect(Set(informer.all.values) == ["one", "two", "three"])
      try await client.update(.configMaps, configMap("one", ["a": "new"], labels: kept))
      try await client.delete(.configMaps, key("two"))
      try await client.create(.configMaps, configMap("four", ["a": "new"], labels: kept))
      let wanted = [key("one"): "new", key("three"): "three", key("four"): "new"]
      await known.wait { $0 == wanted }
      #expect(informer.values(indexedBy: "new").keys.count == 2)
      #expect(informer[key("three")] == "three" && informer[key("two")] == nil)
    }
  }

  /// Runs a service while the body runs, then ends it in peace.
  private func serving(_ service: some Service, _ body: () async throws -> Void) async throws {
    let group = ServiceGroup(services: [service], logger: Logger(label: "contract") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      try await body()
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }
}
