import CertificateAuthority
import FoundationEssentials
import SPIFFE

extension MeshSimulation {
  /// The first replica that reaches the store holds the Lease.
  private var leader: Int? { replicas.indices.first { replicas[$0].isConnected(at: now) } }

  private var observations: RotationObservations {
    var observations = RotationObservations(configMapsHold: configMapHolds)
    for replica in replicas where replica.isConnected(at: now) {
      observations.replicas[replica.name] = .reports(replica.ledger.report)
    }
    for record in store?.intermediates ?? [] where dead.contains(record.replica) {
      observations.replicas[record.replica] = .gone
    }
    if options.sabotage == .blindActivation {
      observations.configMapsHold = Set(roots.keys)
      observations.replicas = observations.replicas.mapValues { observation in
        guard case .reports(var report) = observation else { return observation }
        for root in roots.keys { report.spread[root] = RootSpread(publishedAt: .distantPast) }
        return .reports(report)
      }
    }
    return observations
  }

  mutating func lead() throws {
    // What is observed of the spread changes all the time while a root is prepared.
    guard now >= planAt || store?.successor != nil, let index = leader else { return }
    // A lagging view is no trouble: what is planned by it is not written.
    if replicas[index].view == nil { replicas[index].view = store }
    while true {
      let plan = RotationPlan.make(replicas[index].view, observations, planning, now: date)
      guard let action = plan.actions.first else {
        let isCurrent = replicas[index].view?.generation == store?.generation
        planAt = isCurrent ? Self.second(min(plan.nextLook, date.addingTimeInterval(100 * 86_400))) : now
        return
      }
      guard try perform(action, by: index) else { return }
    }
  }

  mutating func command() throws {
    guard let index = leader, let view = replicas[index].view else { return }
    let any = view.roots.isEmpty ? nil : view.roots[below(view.roots.count)].id
    let command: RotationCommand =
      switch (below(4), any) {
      case (0, let id?): .retire(id)
      case (1, let id): .activate(id)
      case (2, _): .activate(nil)
      default: .prepare
      }
    do {
      _ = try perform(try command.action(view, observations, planning, now: date), by: index)
    } catch is RotationRefusal {
      checks.findings.refusals += 1
    }
  }

  /// One write, and its effect afterwards.
  private mutating func perform(_ action: RotationAction, by index: Int) throws -> Bool {
    guard let view = replicas[index].view else {
      guard action == .createFirstRoot, store == nil else { return false }
      let root = try makeRoot()
      let first = AuthorityState(
        trustDomain: try TrustDomain("cluster.local"),
        firstRoot: root,
        key: .uri("store:test"),
        at: date
      )
      return persist(first, by: index, "create")
    }
    switch action {
    case .createFirstRoot:
      return false
    case .prepare:
      let root = try makeRoot()
      if options.sabotage == .unpublishedRoot {
        let prepared = try view.preparing(root, key: .uri("store:test"), at: date)
        return try signTooEarly(root, prepared, by: index)
      }
      return persist(try view.preparing(root, key: .uri("store:test"), at: date), by: index, "prepare")
    case .activate(let id):
      let next = try view.activating(id, at: date)
      let isProven =
        view.root(id).map { SpreadVerdict.of($0, in: view, observations, planning, now: date) == .proven } ?? false
      guard persist(next, by: index, "activate") else { return false }
      if isProven { checks.findings.activationsByProof += 1 } else { checks.findings.activationsByWaiting += 1 }
      return true
    case .retire(let id):
      guard persist(try view.retiring(id, at: date), by: index, "retire") else { return false }
      checks.findings.rootsRetired += 1
      return true
    case .drop(let ids):
      return persist(try view.dropping(ids, at: date), by: index, "drop of the dead")
    case .prune(let ids, let records):
      return persist(view.pruning(roots: ids, intermediates: records, at: date), by: index, "prune")
    }
  }

  /// Sabotage: the Lease holder signs its intermediate, and only then publishes the root.
  private mutating func signTooEarly(_ root: RootCertificate, _ prepared: AuthorityState, by index: Int) throws -> Bool
  {
    let bit = roots[root.id] ?? 127
    let end = Self.second(root.notAfter)
    checks.signedIntermediate(
      root: bit,
      publishedHere: replicas[index].bundle,
      notAfter: end,
      rootEnds: end,
      now: now
    )
    return persist(prepared, by: index, "prepare")
  }

  private mutating func makeRoot() throws -> RootCertificate {
    let id = try newID("root")
    roots[id] = checks.madeRoot()
    return RootCertificate(
      id: id,
      derEncoded: [],
      notBefore: date.addingTimeInterval(-120),
      notAfter: date.addingTimeInterval(options.rootLife)
    )
  }
}
