import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import SPIFFE

/// Years of a mesh in seconds: replicas that crash and are cut off, workloads that are slow, a store with
/// compare-and-set. Certificates are ids and times; the decisions are those of the product.
struct MeshSimulation {
  static let step = 3_600
  static let origin = Date(timeIntervalSince1970: 1_767_225_600)

  let options: SimulationOptions
  /// What rotation decides by, and what certificates are made by: the same, unless sabotaged.
  var planning: RotationPolicy
  var issuing: RotationPolicy
  var random: SeededRandom
  var checks: TrustChecks
  var now = 0

  /// The custody: what outlives every process.
  var store: AuthorityState?
  var replicas: [SimulatedReplica]
  var workloads: [SimulatedWorkload]
  var processes = 0
  /// Dead processes that are seen to be dead.
  var dead: Set<String> = []
  var roots: [AuthorityID: Int] = [:]
  var certificates = 0

  var configMap: TrustChecks.Roots = 0
  var configMapHolds: Set<AuthorityID> = []
  var configMapGeneration = 0
  var configMapWriteAt = 0
  /// When the Lease holder plans again, if nothing changes before.
  var planAt = 0
  /// When a replica served someone last.
  var lastServed = 0

  /// Workloads whose leaf is due, by step.
  private var due: [[Int]] = Array(repeating: [], count: 64)
  struct Delivery {
    var workload: Int
    var connection: Int
    var generation: Int
    var bundle: TrustChecks.Roots
  }
  private var deliveries: [[Delivery]] = Array(repeating: [], count: 64)

  init(_ options: SimulationOptions) {
    self.options = options
    issuing = options.policy
    var planning = options.policy
    if options.sabotage == .noWaiting {
      planning.leafCap = 1
      planning.skew = 0
    }
    self.planning = planning
    random = SeededRandom(seed: options.seed)
    checks = TrustChecks(workloads: options.workloads)
    replicas = []
    workloads = (0..<options.workloads).map { SimulatedWorkload(kind: options.kinds[$0 % options.kinds.count]) }
    replicas = (0..<options.replicas).map { _ in SimulatedReplica(name: newProcess()) }
  }

  static func run(_ options: SimulationOptions) throws -> SimulationFindings {
    var simulation = MeshSimulation(options)
    try simulation.run()
    return simulation.checks.findings
  }

  private mutating func run() throws {
    try startReplicas()
    for workload in workloads.indices { join(workload) }
    let end = options.years * 365 * 86_400
    while now < end {
      now += Self.step
      if options.hasFaults { injectFaults() }
      if options.changesLeafCap { changePolicy() }
      for index in replicas.indices { try attend(replica: index) }
      try lead()
      if options.hasCommands, chance(1, in: 24 * 40) { try command() }
      writeConfigMap()
      deliver()
      renew()
    }
    for workload in workloads { checks.usesLeaf(ends: workload.leafEnds, now: now) }
  }

  var date: Date { Self.origin.addingTimeInterval(Double(now)) }
  static func second(_ date: Date) -> Int { Int(date.timeIntervalSince(origin)) }

  mutating func chance(_ part: UInt64, in whole: UInt64) -> Bool { random.next() % whole < part }
  mutating func below(_ limit: Int) -> Int { Int(truncatingIfNeeded: random.next() % UInt64(max(limit, 1))) }
  mutating func draw() -> Double { Double(random.next() >> 11) / 9_007_199_254_740_992 }

  /// - Parameter before: the process that it takes the place of, mostly in the same Pod.
  mutating func newProcess(after before: String? = nil) -> String {
    processes += 1
    guard options.hasPods else { return "replica-\(processes)" }
    let pod = before.flatMap { $0.split(separator: ".").first }
    if let pod, chance(4, in: 5) { return "\(pod).\(processes)" }
    return "pod-\(processes).\(processes)"
  }

  func bits(_ state: AuthorityState) -> TrustChecks.Roots {
    state.bundle.reduce(0) { bits, root in bits | TrustChecks.Roots(1) << (roots[root.id] ?? 127) }
  }

  private mutating func startReplicas() throws {
    for _ in 0..<20 {
      for index in replicas.indices { try attend(replica: index) }
      try lead()
    }
    writeConfigMap()
  }

  // MARK: Workloads

  /// A workload's bundle is what it was sent.
  mutating func hold(_ bundle: TrustChecks.Roots, generation: Int, workload index: Int) {
    checks.trusts(bundle, before: workloads[index].bundle, now: now)
    workloads[index].bundle = bundle
    workloads[index].bundleGeneration = generation
  }

  /// Bundles are pushed to all streams of a replica.
  mutating func push(from replica: Int) {
    let generation = replicas[replica].ledger.current
    let bundle = replicas[replica].bundle
    for index in workloads.indices where workloads[index].replica == replica && workloads[index].hasStream {
      if workloads[index].kind == .prompt {
        receive(bundle, generation: generation, workload: index)
      } else {
        let delivery = Delivery(
          workload: index,
          connection: workloads[index].connection,
          generation: generation,
          bundle: bundle
        )
        deliveries[(now / Self.step + below(24)) % 64].append(delivery)
        if options.sabotage == .sentIsAcknowledged {
          replicas[replica].ledger.acknowledged(generation, by: &workloads[index].subscriber)
        }
      }
    }
  }

  private mutating func receive(_ bundle: TrustChecks.Roots, generation: Int, workload index: Int) {
    hold(bundle, generation: generation, workload: index)
    replicas[workloads[index].replica].ledger.acknowledged(generation, by: &workloads[index].subscriber)
  }

  private mutating func deliver() {
    let slot = now / Self.step % 64
    let arrived = deliveries[slot]
    deliveries[slot] = []
    for delivery in arrived where workloads[delivery.workload].connection == delivery.connection {
      guard delivery.generation > workloads[delivery.workload].bundleGeneration else { continue }
      receive(delivery.bundle, generation: delivery.generation, workload: delivery.workload)
    }
  }

  /// Streams end with their replica, or because it may serve no more; the workloads go elsewhere at once.
  mutating func disconnect(replica: Int) {
    for index in workloads.indices where workloads[index].replica == replica {
      if workloads[index].hasStream { replicas[replica].ledger.closed(workloads[index].subscriber) }
      workloads[index].replica = -1
      workloads[index].connection += 1
    }
    for index in workloads.indices where workloads[index].replica < 0 { _ = connect(index) }
  }

  /// Connects to any replica that serves, and takes its bundle.
  private mutating func connect(_ index: Int) -> Bool {
    guard workloads[index].replica < 0 else { return true }
    let first = below(replicas.count)
    for offset in replicas.indices {
      let replica = (first + offset) % replicas.count
      guard serves(replica) else { continue }
      workloads[index].replica = replica
      workloads[index].connection += 1
      if workloads[index].hasStream {
        workloads[index].subscriber = SpreadLedger.Subscriber()
        replicas[replica].ledger.opened(workloads[index].subscriber)
        receive(replicas[replica].bundle, generation: replicas[replica].ledger.current, workload: index)
      }
      return true
    }
    return false
  }

  func serves(_ replica: Int) -> Bool {
    guard replicas[replica].isAlive, let held = replicas[replica].held else { return false }
    return options.sabotage == .staleReplicasServe || held.isUsable(issuing, now: date)
  }

  private mutating func join(_ index: Int) {
    if workloads[index].kind == .configMap { hold(configMap, generation: 0, workload: index) }
    if workloads[index].kind == .request, let replica = replicas.indices.first(where: serves) {
      hold(replicas[replica].bundle, generation: 0, workload: index)
    }
    _ = connect(index)
    // Everyone trusts before the first leaf is out.
    due[(now / Self.step + 1) % 64].append(index)
    workloads[index].leafEnds = now + 2 * Self.step
  }

  private mutating func renew() {
    let slot = now / Self.step % 64
    let waiting = due[slot]
    due[slot] = []
    for index in waiting {
      checks.usesLeaf(ends: workloads[index].leafEnds, now: now)
      guard connect(index), let pushAt = issue(to: index) else {
        if workloads[index].replica >= 0, !serves(workloads[index].replica) { workloads[index].replica = -1 }
        due[(slot + 1) % 64].append(index)
        continue
      }
      let steps = (pushAt - now + Self.step - 1) / Self.step
      due[(slot + min(max(steps, 1), 63)) % 64].append(index)
    }
  }

  /// - Returns: when the next is due; nil when the replica can't issue.
  private mutating func issue(to index: Int) -> Int? {
    let replica = workloads[index].replica
    guard let held = replicas[replica].held else { return nil }
    var end = held.leafEnds(issuing, now: date)
    if options.sabotage == .longLeaves { end = date.addingTimeInterval(4 * issuing.leafCap) }
    guard let end else { return nil }
    let ends = Self.second(end)
    switch workloads[index].kind {
    case .prompt, .slow:
      replicas[replica].ledger.handedOut(leafEnds: end, to: &workloads[index].subscriber)
    case .request:
      hold(replicas[replica].bundle, generation: 0, workload: index)
      replicas[replica].ledger.handedOut(leafEnds: end, withBundle: true)
      // The next request may go anywhere.
      workloads[index].replica = -1
    case .configMap:
      replicas[replica].ledger.handedOut(leafEnds: end, withBundle: false)
    }
    checks.issuedLeaf(
      root: replicas[replica].heldRoot,
      ends: ends,
      signerEnds: Self.second(held.schedule.notAfter),
      now: now
    )
    workloads[index].leafEnds = ends
    if options.sabotage == .latePush { return ends + 1 }
    return Self.second(LeafSchedule.pushAt(issued: date, notAfter: end, draw: draw()))
  }

  // MARK: ConfigMaps

  private mutating func writeConfigMap() {
    guard let store, store.generation != configMapGeneration else {
      configMapWriteAt = now + below(4) * Self.step
      return
    }
    guard now >= configMapWriteAt else { return }
    configMapGeneration = store.generation
    configMap = bits(store)
    for index in workloads.indices where workloads[index].kind == .configMap {
      hold(configMap, generation: 0, workload: index)
    }
    configMapHolds = Set(store.bundle.map(\.id))
  }
}
