import KubernetesObjects
import KubernetesTesting
import Logging
import ServiceLifecycle
import Testing

@testable import KubernetesAPI

@Suite(.timeLimit(.minutes(1))) struct InformerTests {
  private static let namespace = "default"
  private let server = InMemoryAPIServer()
  private let clock = ManualClock()

  private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: Self.namespace, name: name) }

  private func configMap(_ name: String, _ value: String) -> JSONValue {
    ["metadata": ["name": .string(name), "namespace": "default"], "data": ["a": .string(value)]]
  }

  private func put(_ name: String, _ value: String) async throws {
    if try await server.find(.configMaps, key(name)) == nil {
      try await server.create(.configMaps, configMap(name, value))
    } else {
      try await server.update(.configMaps, configMap(name, value))
    }
  }

  /// Runs an informer while the body runs; what it knows is seen by waiting for it.
  private func running(
    pageSize: Int = 500,
    _ body: (Informer<String>, Observed<[String: String]>) async throws -> Void
  ) async throws {
    let informer = Informer(
      server,
      .configMaps,
      pageSize: pageSize,
      projection: { $0["data"]?.string(of: "a") },
      backoff: Backoff(first: .seconds(1), longest: .seconds(8), jitter: 0),
      time: Timekeeper(clock),
      draw: { 0 },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    let known = Observed([String: String]())
    informer.onChange { [unowned informer] _ in
      known.change { state in
        state = Dictionary(uniqueKeysWithValues: informer.all.map { ($0.key.name, $0.value) })
      }
    }
    let group = ServiceGroup(services: [informer], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      try await body(informer, known)
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  private func waitForWatch() async { await server.observed.wait { $0.watchCount == 1 } }

  @Test func `what is there is known at once, what comes follows`() async throws {
    for name in ["a", "b", "c", "d", "e"] { try await put(name, "1") }
    try await running(pageSize: 2) { informer, known in
      try await informer.waitUntilSynced()
      #expect(informer.hasSynced && informer.count == 5)
      #expect(server.observed.state.requests("list", .configMaps) == 3)
      try await put("a", "2")
      try await server.delete(.configMaps, key("b"))
      await known.wait { $0 == ["a": "2", "c": "1", "d": "1", "e": "1"] }
      #expect(informer[key("a")] == "2" && informer[key("b")] == nil)
    }
  }

  @Test func `a watch that is cut goes on where it was, without a list`() async throws {
    try await put("a", "1")
    try await running { informer, known in
      try await informer.waitUntilSynced()
      await waitForWatch()
      server.endWatches(throwing: .cut)
      try await put("a", "2")
      await clock.waitForSleepers()
      clock.advance(by: .seconds(1))
      await known.wait { $0 == ["a": "2"] }
      #expect(server.observed.state.requests("list", .configMaps) == 1)
    }
  }

  @Test func `a watch that ends in peace is begun again at once`() async throws {
    try await running { informer, known in
      try await informer.waitUntilSynced()
      await waitForWatch()
      server.sendBookmarks()
      server.endWatches()
      try await put("a", "1")
      await known.wait { $0 == ["a": "1"] }
      #expect(server.observed.state.requests("list", .configMaps) == 1)
    }
  }

  @Test func `a forgotten past is listed anew, and what is gone meanwhile is told`() async throws {
    for name in ["a", "b"] { try await put(name, "1") }
    try await running { informer, known in
      try await informer.waitUntilSynced()
      await waitForWatch()
      server.endWatches(throwing: .cut)
      try await server.delete(.configMaps, key("a"))
      try await put("c", "1")
      server.compact()
      // The cut's wait, then the one of 410.
      for wait in [1, 2] {
        await clock.waitForSleepers()
        #expect(informer.all.count == 2)
        clock.advance(by: .seconds(wait))
      }
      await known.wait { $0 == ["b": "1", "c": "1"] }
      #expect(server.observed.state.requests("list", .configMaps) == 2)
    }
  }

  @Test func `a list whose pages are forgotten begins anew`() async throws {
    for name in ["a", "b", "c"] { try await put(name, "1") }
    server.fail(TwinFault(.twin(410, "Expired", "too old"), where: { $0.position?.hasPrefix("page") == true }))
    try await running(pageSize: 1) { informer, _ in
      await clock.waitForSleepers()
      #expect(!informer.hasSynced)
      clock.advance(by: .seconds(1))
      try await informer.waitUntilSynced()
      #expect(informer.count == 3)
    }
  }

  @Test func `a throttling server is left alone for as long as it asks`() async throws {
    server.fail(TwinFault(.throttled(retryAfter: .seconds(30)), where: { $0.verb == "list" }))
    try await running { informer, _ in
      await clock.waitForSleepers()
      clock.advance(by: .seconds(29))
      #expect(clock.sleepers == 1)
      #expect(informer.problem?.isThrottled == true)
      clock.advance(by: .seconds(1))
      try await informer.waitUntilSynced()
      #expect(informer.problem == nil)
    }
  }

  @Test func `while the server is away the last that was known stays, and its age shows`() async throws {
    try await put("a", "1")
    try await running { informer, known in
      // It may have been there already.
      #expect([nil, .zero].contains(informer.silence))
      try await informer.waitUntilSynced()
      await waitForWatch()
      server.goAway()
      for wait in [1, 2, 4, 8, 8] {
        await clock.waitForSleepers()
        clock.advance(by: .seconds(wait))
      }
      await clock.waitForSleepers()
      #expect(informer[key("a")] == "1")
      #expect(informer.silence == .seconds(23))
      #expect(informer.problem?.isOutage == true)
      server.comeBack()
      try await put("a", "2")
      clock.advance(by: .seconds(8))
      await known.wait { $0 == ["a": "2"] }
      #expect(informer.silence == .zero)
    }
  }

  @Test func `the same event twice is told once`() async throws {
    try await put("a", "1")
    try await running { informer, known in
      let told = Observed(0)
      informer.onChange { changes in told.change { $0 += changes.count } }
      try await informer.waitUntilSynced()
      await waitForWatch()
      try await put("a", "2")
      await known.wait { $0 == ["a": "2"] }
      let again = try await server.get(.configMaps, key("a")).root
      for _ in 0..<3 { server.send(.modified(again)) }
      try await put("b", "1")
      await known.wait { $0 == ["a": "2", "b": "1"] }
      // The list is told or not, as this listener came late or early; after it there are two changes.
      #expect([2, 3].contains(told.state))
    }
  }

  @Test func `who waits for the first list and goes away is let go`() async throws {
    server.hold()
    try await running { informer, _ in
      let waiting = Task { try await informer.waitUntilSynced() }
      await server.observed.wait { $0.held == 1 }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      server.answer()
      try await informer.waitUntilSynced()
    }
  }
}
