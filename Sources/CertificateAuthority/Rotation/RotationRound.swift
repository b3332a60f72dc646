package import FoundationEssentials
package import SPIFFE

/// One round of the Lease holder: plan, write, plan again, until nothing is left to do now.
///
/// Each step is in custody before anyone hears of it. A process that dies in between leaves a state from which the next
/// round goes on; a step that someone else's write has overtaken is planned anew.
package struct RotationRound: Sendable {
  /// Makes a root that is valid from now on for the seconds given.
  package typealias RootMaker = @Sendable (_ life: TimeInterval, _ now: Date) throws -> (RootCertificate, RootKey)

  /// How many writes of others are put up with in one round.
  private static let maximumConflicts = 8

  private let custody: any Custody
  private let trustDomain: TrustDomain
  private let makeRoot: RootMaker

  package init(custody: any Custody, trustDomain: TrustDomain, makeRoot: @escaping RootMaker) {
    self.custody = custody
    self.trustDomain = trustDomain
    self.makeRoot = makeRoot
  }

  /// What a round has come to.
  package struct Outcome: Sendable {
    /// The state that takes effect now.
    package var state: AuthorityState
    /// What was done, in order.
    package var actions: [RotationAction] = []
    /// What is not done yet, and why.
    package var holds: [RotationHold] = []
    /// When the next round is due, if nothing changes before.
    package var nextLook: Date

    package init(
      state: AuthorityState,
      actions: [RotationAction] = [],
      holds: [RotationHold] = [],
      nextLook: Date
    ) {
      self.state = state
      self.actions = actions
      self.holds = holds
      self.nextLook = nextLook
    }
  }

  /// Does what is due.
  ///
  /// - Throws: ``CustodyError``, ``RotationRefusal``, or what making a root throws. What was written before stays, and the
  ///   state in custody is what counts.
  package func run(
    _ observations: RotationObservations,
    _ policy: RotationPolicy,
    now: Date
  ) async throws -> Outcome {
    var state = try await custody.load()
    var actions: [RotationAction] = []
    var conflicts = 0
    while true {
      // Roots that others plug in are theirs to rotate.
      if custody.isReadOnly, let state { return Outcome(state: state, nextLook: .distantFuture) }
      // The first root is everyone's to make, since custody keeps only one.
      if !observations.leads, let state { return Outcome(state: state, nextLook: .distantFuture) }
      let plan = RotationPlan.make(state, observations, policy, now: now)
      guard let action = plan.actions.first else {
        guard let state else { throw CustodyError.conflict(found: nil) }
        return Outcome(state: state, actions: actions, holds: plan.holds, nextLook: plan.nextLook)
      }
      do {
        state = try await perform(action, on: state, policy, now: now)
        actions.append(action)
      } catch CustodyError.conflict(let found) {
        conflicts += 1
        guard conflicts <= Self.maximumConflicts else { throw CustodyError.conflict(found: found) }
        state = try await custody.load()
      }
    }
  }

  /// Does what a person asks for, or says why not.
  ///
  /// - Returns: the state that takes effect now.
  package func run(
    _ command: RotationCommand,
    _ observations: RotationObservations,
    _ policy: RotationPolicy,
    now: Date,
    force: Bool = false
  ) async throws -> AuthorityState {
    guard let state = try await custody.load() else { throw RotationRefusal.noAuthority }
    guard observations.leads else { throw RotationRefusal.notLeading(leader: observations.leader) }
    let action = try command.action(state, observations, policy, now: now, force: force)
    return try await perform(action, on: state, policy, now: now)
  }

  private func perform(
    _ action: RotationAction,
    on state: AuthorityState?,
    _ policy: RotationPolicy,
    now: Date
  ) async throws -> AuthorityState {
    guard let state else {
      let (root, key) = try makeRoot(policy.rootLife, now)
      let first = AuthorityState(trustDomain: trustDomain, firstRoot: root, key: key, at: now)
      return try await custody.createOrAdopt(first)
    }
    let next: AuthorityState
    switch action {
    case .createFirstRoot: return state
    case .prepare:
      let (root, key) = try makeRoot(policy.rootLife, now)
      next = try state.preparing(root, key: key, at: now)
    case .activate(let id): next = try state.activating(id, at: now)
    case .retire(let id): next = try state.retiring(id, at: now)
    case .drop(let ids): next = try state.dropping(ids, at: now)
    case .prune(let roots, let records): next = state.pruning(roots: roots, intermediates: records, at: now)
    }
    try await custody.replace(with: next)
    return next
  }
}
