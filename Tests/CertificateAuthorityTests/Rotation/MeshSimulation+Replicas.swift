import CertificateAuthority
import FoundationEssentials
import SPIFFE
import Testing

extension MeshSimulation {
  // MARK: Faults

  /// Faults of every kind come together, but the control plane is never wholly away for much more than four hours: no
  /// leaf could survive that for long. Then the store is in reach again and nothing dies until someone serves.
  mutating func injectFaults() {
    if replicas.indices.contains(where: serves) { lastServed = now }
    if hasMercy {
      for index in replicas.indices {
        replicas[index].cutOffUntil = min(replicas[index].cutOffUntil, now)
        replicas[index].restartAt = min(replicas[index].restartAt, now)
      }
      return
    }
    if options.hasCrashLoop, replicas[0].isAlive { crash(0, downFor: 0) }
    if chance(1, in: 24 * 120) {
      // Everything at once, for hours.
      for index in replicas.indices where replicas[index].isAlive { crash(index, downFor: 1 + below(6)) }
      return
    }
    for index in replicas.indices where replicas[index].isAlive {
      if chance(1, in: 24 * 30) {
        crash(index, downFor: below(12))
      } else if replicas[index].isConnected(at: now), chance(1, in: 24 * 60) {
        checks.findings.partitions += 1
        replicas[index].cutOffUntil = now + below(10 * 24) * Self.step
      }
    }
  }

  /// Three quarters as long while a rotation is under way, and as long as before after some two days.
  mutating func changePolicy() {
    let usual = options.policy.leafCap
    let isUsual = issuing.leafCap == usual
    let isRotating = store?.successor != nil || store?.roots.contains { $0.phase == .superseded } == true
    guard isUsual ? isRotating && chance(1, in: 12) : chance(1, in: 48) else { return }
    issuing.leafCap = isUsual ? usual * 3 / 4 : usual
    issuing.leafLife = issuing.leafCap
    planning = issuing
    checks.findings.policyChanges += 1
    for index in replicas.indices where replicas[index].isAlive { crash(index, downFor: 0) }
  }

  private var hasMercy: Bool { now - lastServed > 4 * Self.step }

  mutating func crash(_ index: Int, downFor hours: Int) {
    checks.findings.crashes += 1
    // Three of ten die where nobody can tell whether they are dead or cut off.
    if !options.hasPods, chance(7, in: 10) { dead.insert(replicas[index].name) }
    planAt = now + Self.step
    replicas[index].isAlive = false
    replicas[index].restartAt = now + hours * Self.step
    replicas[index].held = nil
    disconnect(replica: index)
  }

  /// Writes to the store, if nobody else has; the process may die before or after.
  ///
  /// - Returns: whether it was written and the process lives.
  mutating func persist(_ state: AuthorityState, by index: Int, _ what: String) -> Bool {
    let isRare = what == "prepare" || what == "activate" || what == "retire"
    let dies = options.hasFaults && !hasMercy && chance(1, in: isRare ? 3 : 12)
    if dies, chance(1, in: 2) {
      checks.findings.crashPoints.insert("\(what): before")
      crash(index, downFor: below(3))
      return false
    }
    guard (store?.generation ?? 0) == state.generation - 1 else {
      checks.findings.conflicts += 1
      replicas[index].view = store
      return false
    }
    store = state
    checks.findings.mostIntermediates = max(checks.findings.mostIntermediates, state.intermediates.count)
    planAt = now
    checks.wasPersisted(bits(state))
    if dies {
      checks.findings.crashPoints.insert("\(what): after")
      crash(index, downFor: below(3))
      return false
    }
    replicas[index].view = state
    publish(index)
    return true
  }

  // MARK: One replica

  /// What a replica does by itself: start again, read the state, see to its intermediate.
  mutating func attend(replica index: Int) throws {
    if !replicas[index].isAlive {
      guard now >= replicas[index].restartAt else { return }
      replicas[index] = SimulatedReplica(name: newProcess(after: replicas[index].name))
    }
    if replicas[index].held != nil, !serves(index) { disconnect(replica: index) }
    guard replicas[index].isConnected(at: now) else { return }
    // Watches lag now and then.
    if replicas[index].view?.generation != store?.generation, replicas[index].view == nil || chance(9, in: 10) {
      replicas[index].view = store
      publish(index)
    }
    try renewIntermediate(index)
  }

  private mutating func publish(_ index: Int) {
    guard let view = replicas[index].view, bits(view) != replicas[index].bundle else { return }
    replicas[index].bundle = bits(view)
    replicas[index].ledger.publish(Set(view.bundle.map(\.id)), generation: view.generation, at: date)
    push(from: index)
  }

  private mutating func renewIntermediate(_ index: Int) throws {
    guard let view = replicas[index].view else { return }
    let old = replicas[index].held
    // Nothing new since the last decision.
    if let old, view.generation == replicas[index].decidedFor, date < old.schedule.replaceAt { return }
    replicas[index].decidedFor = view.generation
    if options.sabotage == .lateIntermediates, let old, now < Self.second(old.schedule.notAfter) { return }
    guard case .replace(let rootID) = IntermediateAction.decide(old, view, issuing, now: date),
      let root = view.root(rootID)?.certificate,
      let schedule = IntermediateSchedule(under: root, issuing, now: date, draw: draw())
    else { return }
    let new = HeldIntermediate(id: try newID("intermediate"), root: rootID, schedule: schedule)
    if options.sabotage != .unrecordedIntermediates {
      let recorded = try view.recording(
        new.id,
        under: rootID,
        replica: replicas[index].name,
        notAfter: schedule.notAfter,
        leafCap: options.sabotage == .forgottenLeafCap ? 1 : planning.leafCap,
        at: date
      )
      guard persist(recorded, by: index, "record intermediate") else { return }
    }
    replicas[index].held = new
    replicas[index].heldRoot = roots[rootID] ?? 127
    checks.signedIntermediate(
      root: replicas[index].heldRoot,
      publishedHere: replicas[index].bundle,
      notAfter: Self.second(schedule.notAfter),
      rootEnds: Self.second(root.notAfter),
      now: now
    )
    if let old, options.sabotage != .unrecordedIntermediates,
      let dropped = try? replicas[index].view?.dropping([old.id], at: date)
    {
      _ = persist(dropped, by: index, "drop own intermediate")
    }
  }

  mutating func newID(_ kind: String) throws -> AuthorityID {
    certificates += 1
    return try #require(AuthorityID("\(kind)-\(certificates)"))
  }
}
