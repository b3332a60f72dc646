import CertificateAuthority
package import KubernetesAPI
import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Sees to it that every namespace has the trust bundle in its ConfigMap, and knows how far it has spread. Whoever leads
/// writes; all replicas watch, so that the next leader knows as much.
package final class BundleDistribution: Service {
  static let fieldManager = "amesh-bundle"
  /// Requests at once.
  private static let width = 8

  struct Memory {
    var spread = BundleSpread()
    var ledger = RetryLedger<String>()
    /// What is in the way, by namespace.
    var problems: [String: APIError] = [:]
  }

  let client: any KubernetesClient
  let names: ObjectNames
  let wanted: @Sendable () -> WantedBundle?
  let newestGeneration: @Sendable () async -> Int?
  private let isSelected: @Sendable (NamespaceFacts) -> Bool
  let leads: @Sendable () -> Bool
  let time: Timekeeper
  let draw: @Sendable () -> Double
  let logger: Logger
  private let namespaces: Informer<NamespaceFacts>
  private let configMaps: Informer<HeldBundle>
  let reader: BundleReader
  let memory = NIOLockedValueBox(Memory())
  private let bell = Bell()

  /// - Parameters:
  ///   - isSelected: which namespaces get the bundle; the control plane's own always does.
  ///   - wanted: the bundle of this moment; nil while there is none. Call ``look()`` when it changes.
  ///   - newestGeneration: of the state in custody, read now; nil if that fails.
  ///   - leads: whether this process leads now.
  package init(
    client: any KubernetesClient,
    names: ObjectNames,
    isSelected: @escaping @Sendable (NamespaceFacts) -> Bool = { _ in true },
    wanted: @escaping @Sendable () -> WantedBundle?,
    newestGeneration: @escaping @Sendable () async -> Int?,
    leads: @escaping @Sendable () -> Bool,
    time: Timekeeper = Timekeeper(),
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    logger: Logger
  ) {
    self.client = client
    self.names = names
    self.isSelected = isSelected
    self.wanted = wanted
    self.newestGeneration = newestGeneration
    self.leads = leads
    self.time = time
    self.draw = draw
    self.logger = logger
    namespaces = Informer(
      client,
      .namespaces,
      projection: { NamespaceFacts($0) },
      time: time,
      draw: draw,
      logger: logger
    )
    let reader = BundleReader()
    self.reader = reader
    configMaps = Informer(
      client,
      .configMaps,
      selection: ObjectSelection(fields: "metadata.name=\(names.trustBundle)"),
      projection: { reader.read($0) },
      time: time,
      draw: draw,
      logger: logger
    )
    namespaces.onChange { [weak self] changes in self?.tookNamespaces(changes) }
    configMaps.onChange { [weak self] changes in self?.tookConfigMaps(changes) }
  }

  /// Looks at everything soon: the bundle or the leadership has changed.
  package func look() { bell.ring() }

  package func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await self.namespaces.run() }
      group.addTask { try? await self.configMaps.run() }
      group.addTask { await cancelWhenGracefulShutdown { await self.distribute() } }
      await group.waitForAll()
    }
  }

  // MARK: What is known

  func key(_ namespace: String) -> ObjectKey { ObjectKey(namespace: namespace, name: names.trustBundle) }

  private var hasSynced: Bool { namespaces.hasSynced && configMaps.hasSynced }

  private func counts(_ namespace: String, _ facts: NamespaceFacts) -> Bool {
    !facts.isTerminating && (namespace == names.namespace || isSelected(facts))
  }

  /// How far each of the roots has come, of the namespaces where we may write at all; nil while that is not known.
  func reach(of roots: some Sequence<AuthorityID>) -> [AuthorityID: BundleSpread.Reach]? {
    // What is older than a watch may be silent says nothing of now.
    let isCurrent = [namespaces.silence, configMaps.silence].allSatisfy { $0.map { $0 < .seconds(180) } ?? false }
    guard hasSynced, isCurrent else { return nil }
    let now = time.now()
    let facts = Dictionary(namespaces.all.map { ($0.key.name, $0.value) }) { first, _ in first }
    return memory.withLockedValue { memory in
      roots.reduce(into: [:]) { reaches, root in
        reaches[root] = memory.spread.reach(of: root, at: now) { namespace in
          guard let facts = facts[namespace], counts(namespace, facts) else { return false }
          return memory.problems[namespace]?.isForbidden != true
        }
      }
    }
  }

  /// How far the bundle of this moment has come, for people.
  package var status: BundleDistributionStatus {
    let wanted = wanted()
    let selected = namespaces.all.filter { counts($0.key.name, $0.value) }.map(\.key.name)
    let current = selected.count { namespace in
      configMaps[key(namespace)]?.text?.pem == wanted?.pem
    }
    let problems = memory.withLockedValue { $0.problems }
    return BundleDistributionStatus(
      namespaces: selected.count,
      current: wanted == nil ? 0 : current,
      problems: problems.filter { selected.contains($0.key) }
    )
  }

  private func tookNamespaces(_ changes: [InformerChange<NamespaceFacts>]) {
    let isNew = namespaces.hasSynced
    memory.withLockedValue { memory in
      for change in changes {
        let name = change.key.name
        switch change {
        case .added: memory.spread.appeared(name, isNew: isNew)
        case .changed: memory.ledger.changed(name)
        case .removed:
          memory.spread.left(name)
          memory.ledger.forget(name)
          memory.problems[name] = nil
        }
      }
    }
    bell.ring()
  }

  private func tookConfigMaps(_ changes: [InformerChange<HeldBundle>]) {
    let (now, isNew) = (time.now(), configMaps.hasSynced)
    memory.withLockedValue { memory in
      for change in changes {
        guard let namespace = change.key.namespace else { continue }
        switch change {
        case .added(_, let bundle):
          memory.spread.holds(namespace, bundle.text?.roots ?? [], isNew: isNew, at: now)
        case .changed(_, _, let bundle):
          memory.spread.holds(namespace, bundle.text?.roots ?? [], isNew: false, at: now)
        case .removed: memory.spread.holds(namespace, nil, isNew: false, at: now)
        }
        memory.ledger.changed(namespace)
      }
    }
    bell.ring()
  }

  // MARK: Writing

  private func distribute() async {
    while !Task.isCancelled {
      await round()
      let now = time.now()
      let due = memory.withLockedValue { $0.ledger.nextDue(after: now) }
      // Leadership comes without a bell where nobody rings one.
      let idle: Duration = hasSynced && leads() ? .seconds(60) : .seconds(1)
      await bell.wait(atMost: min(idle, due.map { $0 - now } ?? idle), time)
    }
  }

  /// Looks at every namespace once, and writes where something is amiss.
  private func round() async {
    guard hasSynced, leads(), let wanted = wanted() else { return }
    let now = time.now()
    let amiss = namespaces.all.filter { counts($0.key.name, $0.value) }.map(\.key.name).filter { namespace in
      let held = configMaps[key(namespace)]
      return BundleDecision.of(held, wanted, isHome: namespace == names.namespace) != .keep
        && memory.withLockedValue { $0.ledger.isDue(namespace, at: now) }
    }
    // The control plane's own comes first: replicas that start look there.
    let order = amiss.sorted { Self.comesFirst($0, $1, home: names.namespace) }
    await withTaskGroup(of: Void.self) { group in
      for (index, namespace) in order.enumerated() {
        if index >= Self.width { await group.next() }
        let held = configMaps[key(namespace)]
        group.addTask { await self.mend(namespace, held) }
      }
    }
  }
}

/// How far a bundle has come.
package struct BundleDistributionStatus: Sendable {
  /// Those that are to have it.
  package var namespaces: Int
  package var current: Int
  /// What is in the way, by namespace.
  package var problems: [String: APIError]
}
