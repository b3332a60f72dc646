package import FoundationEssentials

/// A step that a person asks for (`amesh ca rotate …`).
package enum RotationCommand: Sendable, Equatable {
  case prepare
  /// nil for the one that is prepared.
  case activate(AuthorityID?)
  case retire(AuthorityID)

  /// What is to be done, or why not.
  ///
  /// - Parameter force: takes the step before it is safe: for a key that was stolen, when what breaks is the smaller harm.
  package func action(
    _ state: AuthorityState,
    _ observations: RotationObservations,
    _ policy: RotationPolicy,
    now: Date,
    force: Bool = false
  ) throws(RotationRefusal) -> RotationAction {
    switch self {
    case .prepare:
      if let successor = state.successor { throw .alreadyPrepared(successor.id) }
      guard state.roots.count < AuthorityState.maximumRoots else { throw .tooManyRoots }
      return .prepare
    case .activate(let named):
      guard let id = named ?? state.successor?.id else { throw .nothingPrepared }
      // Refuses what can't be at all.
      _ = try state.activating(id, at: now)
      guard let root = state.root(id) else { throw .unknownRoot(id, known: state.roots.map(\.id)) }
      let hasSigner = state.signer.map { $0.certificate.notAfter > now } ?? false
      if !force, hasSigner,
        case .held(let holds, let until) = SpreadVerdict.of(root, in: state, observations, policy, now: now)
      {
        throw .notSpread(id, holds: holds, until: until)
      }
      return .activate(id)
    case .retire(let id):
      _ = try state.retiring(id, at: now)
      guard let root = state.root(id) else { throw .unknownRoot(id, known: state.roots.map(\.id)) }
      // One that never signed has nothing under it.
      if !force, root.activated != nil {
        let free = state.lastUse(of: root, policy)
        if free > now { throw .inUse(id, until: free) }
      }
      return .retire(id)
    }
  }
}
