package import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// What is known of a kind's objects, kept current by a watch and readable from any thread at once.
///
/// Of each object only the projection is kept. While the API server is away, the last that was known stays, and
/// ``silence`` tells how old it is.
package final class Informer<Value: Sendable & Equatable>: Service {
  private struct Memory {
    var store: InformerStore<Value>
    var lastContact: Duration?
    var problem: APIError?
    var listeners: [@Sendable ([InformerChange<Value>]) -> Void] = []
  }

  /// How long the server is asked to keep a watch up, plus as much by chance.
  private static var shortestWatch: Duration { .seconds(300) }

  private let client: any KubernetesClient
  private let resource: KubernetesResource
  private let selection: ObjectSelection
  private let pageSize: Int
  private let projection: @Sendable (JSONView) -> Value?
  private let backoff: Backoff
  private let time: Timekeeper
  private let draw: @Sendable () -> Double
  private let logger: Logger
  private let memory: NIOLockedValueBox<Memory>
  private let synced = Latch()

  /// - Parameters:
  ///   - projection: what is kept of an object; nil for nothing. It has to copy: what it keeps of the view keeps the whole
  ///     answer.
  ///   - index: under what else an object is found, see ``values(indexedBy:)``.
  ///   - draw: chance, 0 to 1.
  package init(
    _ client: any KubernetesClient,
    _ resource: KubernetesResource,
    selection: ObjectSelection = ObjectSelection(),
    pageSize: Int = 500,
    projection: @escaping @Sendable (JSONView) -> Value?,
    index: @escaping @Sendable (ObjectKey, Value) -> [String] = { _, _ in [] },
    backoff: Backoff = Backoff(),
    time: Timekeeper = Timekeeper(),
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    logger: Logger
  ) {
    self.client = client
    self.resource = resource
    self.selection = selection
    self.pageSize = pageSize
    self.projection = projection
    self.backoff = backoff
    self.time = time
    self.draw = draw
    self.logger = logger
    memory = NIOLockedValueBox(Memory(store: InformerStore(indexKeys: index)))
  }

  // MARK: What is known

  package subscript(_ key: ObjectKey) -> Value? { memory.withLockedValue { $0.store[key] } }

  /// Everything, as of one moment.
  package var all: [ObjectKey: Value] { memory.withLockedValue { $0.store.all } }

  package var count: Int { memory.withLockedValue { $0.store.count } }

  package func values(indexedBy text: String) -> [ObjectKey: Value] {
    memory.withLockedValue { memory in
      var found: [ObjectKey: Value] = [:]
      for key in memory.store.keys(indexedBy: text) { found[key] = memory.store[key] }
      return found
    }
  }

  /// Whether a whole list has come once.
  package var hasSynced: Bool { synced.isOpen }

  /// Returns once a whole list has come; throws when the task is cancelled before.
  package func waitUntilSynced() async throws { try await synced.wait() }

  /// For how long nothing was heard of the API server; nil if nothing ever was. A quiet watch is heard of each minute.
  package var silence: Duration? {
    let now = time.now()
    return memory.withLockedValue { $0.lastContact.map { now - $0 } }
  }

  /// What is in the way now; nil while lists and watches work.
  package var problem: APIError? { memory.withLockedValue { $0.problem } }

  /// Calls `listener` with each later change, on the informer's task, in order. Register before the informer runs to hear
  /// of everything; what is known then is known before the call.
  package func onChange(_ listener: @escaping @Sendable ([InformerChange<Value>]) -> Void) {
    memory.withLockedValue { $0.listeners.append(listener) }
  }

  // MARK: Keeping it current

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var machine = InformerMachine<Value>(backoff: self.backoff)
      while !Task.isCancelled {
        if machine.wait > .zero { try? await self.time.sleep(machine.wait) }
        if Task.isCancelled { return }
        switch machine.step {
        case .list(let continuation): await self.list(continuation, &machine)
        case .watch(let version): await self.watch(version, &machine)
        }
      }
    }
  }

  private func list(_ continuation: String?, _ machine: inout InformerMachine<Value>) async {
    do throws(APIError) {
      let query = ListQuery(selection, limit: pageSize, continuation: continuation)
      let page = try await client.list(resource, query)
      let objects = page.items.compactMap { ObservedObject($0, projection: projection) }
      feed(.page(objects, resourceVersion: page.resourceVersion, continuation: page.continuation), &machine)
    } catch {
      fail(error, &machine)
    }
  }

  private func watch(_ version: String, _ machine: inout InformerMachine<Value>) async {
    let start = time.now()
    let timeout = Self.shortestWatch + Self.shortestWatch * draw()
    do throws(APIError) {
      try await client.watch(resource, WatchQuery(selection, from: version, timeout: timeout)) { event in
        if let input = self.input(event) { self.feed(input, &machine) }
      }
      feed(.ended(after: time.now() - start), &machine)
    } catch {
      fail(error, &machine)
    }
  }

  /// Nil for an event of what is no object.
  private func input(_ event: WatchEvent) -> InformerMachine<Value>.Input? {
    switch event {
    case .opened: .opened
    case .bookmark(let version): .bookmark(resourceVersion: version)
    case .added(let object), .modified(let object):
      ObservedObject(object, projection: projection).map { .set($0) }
    case .deleted(let object):
      ObservedObject(object, projection: { _ in nil }).map { .removed($0) }
    }
  }

  private func feed(_ input: InformerMachine<Value>.Input, _ machine: inout InformerMachine<Value>) {
    let effect = machine.receive(input, draw: draw())
    let now = time.now()
    let (changes, listeners, wasAway) = memory.withLockedValue { memory in
      let wasAway = memory.problem != nil
      memory.lastContact = now
      memory.problem = nil
      return (memory.store.apply(effect), memory.listeners, wasAway)
    }
    if wasAway { logger.info("The API server is heard again", metadata: ["resource": "\(resource)"]) }
    if !changes.isEmpty {
      for listener in listeners { listener(changes) }
    }
    if case .replace = effect { synced.open() }
  }

  private func fail(_ error: APIError, _ machine: inout InformerMachine<Value>) {
    // Not the API server's doing.
    if Task.isCancelled { return }
    _ = machine.receive(.failed(error), draw: draw())
    let isNew = memory.withLockedValue { memory in
      defer { memory.problem = error }
      return memory.problem?.description != error.description
    }
    // A forgotten resourceVersion is everyday life, and the same failure is told once.
    if isNew, !error.isExpired {
      logger.warning(
        "The API server's objects can't be followed",
        metadata: ["resource": "\(resource)", "error": "\(error)"]
      )
    }
  }
}

extension InformerStore {
  fileprivate mutating func apply(_ effect: InformerMachine<Value>.Effect) -> [InformerChange<Value>] {
    switch effect {
    case .none: []
    case .replace(let objects): replace(with: objects)
    case .set(let object): set(object).map { [$0] } ?? []
    case .remove(let key): remove(key).map { [$0] } ?? []
    }
  }
}
