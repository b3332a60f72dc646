package import FoundationEssentials

/// What the Lease holder is to do now.
package enum RotationAction: Sendable, Equatable {
  /// There is no authority yet: make its first root, and adopt what is there if someone was faster.
  case createFirstRoot
  /// Make a root and write it into the state with ``AuthorityState/preparing(_:key:at:)``.
  case prepare
  case activate(AuthorityID)
  case retire(AuthorityID)
  /// Intermediates of replicas that are gone.
  case drop([AuthorityID])
  case prune(roots: [AuthorityID], intermediates: [AuthorityID])
}

/// What is not done yet, and why; for status and logs.
package enum RotationHold: Sendable, Equatable, CustomStringConvertible {
  case spread(AuthorityID, holds: [SpreadHold], until: Date?)
  case inUse(AuthorityID, until: Date)
  /// Its key is nowhere: what was plugged in under it has gone.
  case notPluggedIn(AuthorityID)
  /// Left to a command, since rotation is not automatic.
  case command(String)

  package var description: String {
    switch self {
    case .spread(let id, let holds, let until):
      "root \(id) waits to be activated: \(holds.map(\.description).joined(separator: "; "))"
        + (until.map { "; at the latest \(Timestamp.text($0))" } ?? "")
    case .inUse(let id, let until):
      "root \(id) waits to be retired: leaves under it may be valid until \(Timestamp.text(until))"
    case .notPluggedIn(let id):
      "root \(id) waits to be activated: nothing that is plugged in signs under it; plug it in again, or retire it"
    case .command(let command):
      "rotation is not automatic: run \(command)"
    }
  }
}

/// Rotation decided: a pure function of the state, what is seen and the time. Each action is one write of the state; after
/// a crash at any point the next plan goes on from what was written.
package struct RotationPlan: Sendable, Equatable {
  package private(set) var actions: [RotationAction] = []
  package private(set) var holds: [RotationHold] = []
  /// When to plan again, if neither the state nor what is observed changes before.
  package private(set) var nextLook: Date

  package static func make(
    _ state: AuthorityState?,
    _ observations: RotationObservations,
    _ policy: RotationPolicy,
    now: Date
  ) -> RotationPlan {
    var plan = RotationPlan(nextLook: .distantFuture)
    guard let state else {
      plan.actions = [.createFirstRoot]
      return plan
    }
    plan.dropGone(state, observations, now: now)
    plan.succeed(state, observations, policy, now: now)
    plan.retire(state, policy, now: now)
    plan.prune(state, policy, now: now)
    return plan
  }

  private init(nextLook: Date) { self.nextLook = nextLook }

  private mutating func dropGone(_ state: AuthorityState, _ observations: RotationObservations, now: Date) {
    let ended = state.endedReplicas
    let gone = state.intermediates.filter { record in
      guard record.dropped == nil, record.notAfter > now else { return false }
      return observations.replicas[record.replica] == .gone || ended.contains(record.replica)
    }
    if !gone.isEmpty { actions.append(.drop(gone.map(\.id))) }
  }

  private mutating func succeed(
    _ state: AuthorityState,
    _ observations: RotationObservations,
    _ policy: RotationPolicy,
    now: Date
  ) {
    guard let signer = state.signer else { return }
    lookAgain(at: signer.certificate.notAfter > now ? signer.certificate.notAfter : .distantFuture)
    if let successor = state.successor {
      if successor.certificate.notAfter <= now {
        // Prepared, and never used in all its life: nothing chains to it.
        return actions.append(.retire(successor.id))
      }
      if successor.key == nil, let pluggedIn = observations.pluggedIn, !pluggedIn.contains(successor.id) {
        return holds.append(.notPluggedIn(successor.id))
      }
      let isReady: Bool
      if signer.certificate.notAfter <= now {
        // Nothing valid is left that could break.
        isReady = true
      } else {
        switch SpreadVerdict.of(successor, in: state, observations, policy, now: now) {
        case .proven, .waited: isReady = true
        case .held(let reasons, let until):
          isReady = false
          holds.append(.spread(successor.id, holds: reasons, until: until))
          if let until { lookAgain(at: until) }
        }
      }
      if isReady {
        if policy.isAutomatic {
          actions.append(.activate(successor.id))
        } else {
          holds.append(.command("amesh ca rotate activate \(successor.id)"))
        }
      }
      return
    }
    let due = policy.prepareSuccessor(of: signer.certificate)
    if due > now {
      lookAgain(at: due)
    } else if signer.key == nil {
      // A root that was plugged in: its successor is to be plugged in too.
    } else if policy.isAutomatic {
      actions.append(.prepare)
    } else {
      holds.append(.command("amesh ca rotate prepare"))
    }
  }

  private mutating func retire(_ state: AuthorityState, _ policy: RotationPolicy, now: Date) {
    for root in state.roots where root.phase == .superseded {
      let free = state.lastUse(of: root, policy)
      if free > now {
        holds.append(.inUse(root.id, until: free))
        lookAgain(at: free)
      } else if policy.isAutomatic {
        actions.append(.retire(root.id))
      } else {
        holds.append(.command("amesh ca rotate retire \(root.id)"))
      }
    }
  }

  private mutating func prune(_ state: AuthorityState, _ policy: RotationPolicy, now: Date) {
    var records = state.covered(policy).map(\.id)
    for record in state.intermediates where !records.contains(record.id) {
      let settled = record.settled(policy)
      if settled <= now { records.append(record.id) } else { lookAgain(at: settled) }
    }
    var roots: [AuthorityID] = []
    for root in state.roots {
      guard let retired = root.retired else { continue }
      let forgotten = retired.time.addingTimeInterval(policy.history)
      if forgotten <= now { roots.append(root.id) } else { lookAgain(at: forgotten) }
    }
    if !roots.isEmpty || !records.isEmpty { actions.append(.prune(roots: roots, intermediates: records)) }
  }

  private mutating func lookAgain(at date: Date) { nextLook = min(nextLook, date) }
}

extension AuthorityState {
  /// When nothing under a superseded root can be valid any more: its intermediates have ended or were dropped, and the
  /// longest leaf since with them. Without those records, the longest leaf since it was superseded.
  func lastUse(of root: AuthorityRoot, _ policy: RotationPolicy) -> Date {
    let records = intermediates.filter { $0.root == root.id }
    let superseded = (root.superseded ?? root.prepared).time.addingTimeInterval(records.longestLeaf(policy))
    let last = records.map { $0.lastLeafEnds(policy) }.reduce(superseded, max)
    return min(last, root.certificate.notAfter).addingTimeInterval(policy.skew)
  }
}
