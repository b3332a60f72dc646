package import CertificateAuthority
package import FoundationEssentials
package import KubernetesAPI
import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// What replicas tell each other, in one ConfigMap with a key for each: every replica writes its own, by server-side apply
/// under a name of its own, and whoever leads reads all of them.
package final class ReplicaReports: Service {
  private struct Memory {
    var book = ReplicaBook()
    var problem: APIError?
  }

  /// Between two writings that say nothing new.
  private static var period: Duration { ReplicaBook.silentAfter / 3 }
  /// Between looks at whether there is something new.
  private static var pulse: Duration { .seconds(1) }

  private let client: any KubernetesClient
  private let names: ObjectNames
  private let replica: String
  private let own: @Sendable () -> (generation: Int, report: ReplicaReport)?
  private let leads: @Sendable () -> Bool
  private let time: Timekeeper
  private let wallClock: @Sendable () -> Date
  private let draw: @Sendable () -> Double
  private let logger: Logger
  private let informer: Informer<[String: String]>
  private let memory = NIOLockedValueBox(Memory())
  private var key: ObjectKey { names.key(names.reports) }
  /// A name of a field manager has 128 characters at most.
  private var fieldManager: String { String("amesh-replica-\(replica)".prefix(128)) }

  /// - Parameters:
  ///   - replica: this process, as its records in the state name it.
  ///   - own: what it has to tell; nil while it has no authority.
  ///   - leads: whether it leads now: then it takes out what the dead have left.
  package init(
    client: any KubernetesClient,
    names: ObjectNames,
    replica: String,
    own: @escaping @Sendable () -> (generation: Int, report: ReplicaReport)?,
    leads: @escaping @Sendable () -> Bool,
    time: Timekeeper = Timekeeper(),
    wallClock: @escaping @Sendable () -> Date = { Date() },
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    logger: Logger
  ) {
    self.client = client
    self.names = names
    self.replica = replica
    self.own = own
    self.leads = leads
    self.time = time
    self.wallClock = wallClock
    self.draw = draw
    self.logger = logger
    informer = Informer(
      client,
      .configMaps,
      selection: names.selection(names.reports),
      projection: { $0.strings(of: "data") },
      time: time,
      draw: draw,
      logger: logger
    )
    informer.onChange { [weak self] changes in self?.took(changes) }
  }

  /// What live replicas report, this one left out.
  package var others: [String: ReplicaReport] {
    let now = time.now()
    var reports = memory.withLockedValue { $0.book.reports(at: now) }
    reports[replica] = nil
    return reports
  }

  /// What live replicas said last.
  package var entries: [String: ReplicaEntry] {
    let now = time.now()
    return memory.withLockedValue { $0.book.entries(at: now) }
  }

  /// What is in the way of our own report; nil while it is written.
  package var problem: APIError? { memory.withLockedValue { $0.problem } }

  package func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await self.informer.run() }
      group.addTask { await cancelWhenGracefulShutdown { await self.report() } }
      await group.waitForAll()
    }
  }

  private func took(_ changes: [InformerChange<[String: String]>]) {
    let (now, clock) = (time.now(), wallClock())
    memory.withLockedValue { memory in
      for change in changes {
        switch change {
        case .added(_, let values), .changed(_, _, let values): memory.book.saw(values, at: now, clock: clock)
        case .removed: memory.book.saw([:], at: now, clock: clock)
        }
      }
    }
  }

  // MARK: Our own

  private func report() async {
    var beat = 0
    var last: (generation: Int, report: ReplicaReport, at: Duration)?
    var failures = 0
    while !Task.isCancelled {
      var wait = Self.pulse
      let now = time.now()
      if let own = own(), last.map({ $0 != (own.generation, own.report, $0.at) || now >= $0.at + Self.period }) ?? true
      {
        beat += 1
        do throws(APIError) {
          let entry = ReplicaEntry(beat: beat, generation: own.generation, time: wallClock(), report: own.report)
          try await apply(entry)
          last = (own.generation, own.report, now)
          failures = 0
          note(nil)
        } catch {
          failures += 1
          wait = Backoff(first: Self.pulse).wait(failures: failures, draw: draw(), retryAfter: error.retryAfter)
          note(error)
        }
      }
      if leads() { await forget() }
      // Only cancellation ends it early.
      try? await time.sleep(wait)
    }
  }

  private func apply(_ entry: ReplicaEntry) async throws(APIError) {
    var object = Self.object(key)
    object["data"] = .object(JSONObject([(replica, .string(entry.text))]))
    try await client.apply(.configMaps, object, fieldManager: fieldManager, force: true)
  }

  /// Takes our own entry out: the last call of a process, after its authority has stepped down.
  package func withdraw() async throws(APIError) {
    try await remove([replica])
  }

  private func forget() async {
    let now = time.now()
    let forgotten = memory.withLockedValue { $0.book.forgotten(at: now) }
    guard !forgotten.isEmpty else { return }
    do throws(APIError) {
      try await remove(forgotten)
    } catch {
      note(error)
    }
  }

  private func remove(_ replicas: [String]) async throws(APIError) {
    let data = JSONObject(replicas.map { ($0, JSONValue.null) })
    do throws(APIError) {
      try await client.patch(.configMaps, key, .merge(["data": .object(data)]))
    } catch let error where error.isNotFound {
      return
    }
  }

  private func note(_ error: APIError?) {
    let (isNew, isOver) = memory.withLockedValue { memory in
      defer { memory.problem = error }
      let isOver = error == nil && memory.problem != nil && memory.problem?.isCancelled != true
      return (memory.problem?.description != error?.description, isOver)
    }
    if isOver { logger.info("Other replicas can be told again", metadata: ["configMap": "\(key)"]) }
    if isNew, let error, !error.isCancelled {
      logger.warning("Other replicas can't be told", metadata: ["configMap": "\(key)", "error": "\(error)"])
    }
  }

  private static func object(_ key: ObjectKey) -> JSONValue {
    var metadata: JSONValue = ["name": .string(key.name), "labels": ["app.kubernetes.io/part-of": "amesh"]]
    metadata["namespace"] = key.namespace.map { .string($0) }
    return ["apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata]
  }
}
