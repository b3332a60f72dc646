package import FoundationEssentials

/// The steps of the state. Each returns the next generation or says why there is none; none asks whether the time for it
/// has come: ``RotationPlan`` and ``RotationCommand`` do.
extension AuthorityState {
  /// A new root joins the bundle.
  package func preparing(_ root: RootCertificate, key: RootKey?, at now: Date) throws(RotationRefusal) -> AuthorityState
  {
    if let successor { throw .alreadyPrepared(successor.id) }
    guard self.root(root.id) == nil else { throw .alreadyKnown(root.id) }
    guard roots.count < Self.maximumRoots else { throw .tooManyRoots }
    try Self.checkValidity(of: root, at: now)
    return next(at: now) { state, stamp in
      state.roots.append(AuthorityRoot(certificate: root, key: key, prepared: stamp))
    }
  }

  /// A prepared root takes over signing, or a superseded one takes it back.
  package func activating(_ id: AuthorityID, at now: Date) throws(RotationRefusal) -> AuthorityState {
    let root = try known(id)
    switch root.phase {
    case .active: throw .alreadyActive(id)
    case .retired: throw .alreadyRetired(id)
    case .prepared, .superseded: break
    }
    try Self.checkValidity(of: root.certificate, at: now)
    return next(at: now) { state, stamp in
      for index in state.roots.indices {
        if state.roots[index].phase == .active { state.roots[index].superseded = stamp }
        if state.roots[index].id == id {
          state.roots[index].activated = stamp
          state.roots[index].superseded = nil
        }
      }
    }
  }

  /// A root leaves the bundle; its key is forgotten.
  package func retiring(_ id: AuthorityID, at now: Date) throws(RotationRefusal) -> AuthorityState {
    switch try known(id).phase {
    case .active: throw .signs(id)
    case .retired: throw .alreadyRetired(id)
    case .prepared, .superseded: break
    }
    return next(at: now) { state, stamp in
      for index in state.roots.indices where state.roots[index].id == id {
        state.roots[index].retired = stamp
        state.roots[index].key = nil
      }
    }
  }

  /// A replica is about to sign with a new intermediate.
  ///
  /// - Parameter leafCap: seconds of the longest leaf that it may sign.
  package func recording(
    _ id: AuthorityID,
    under root: AuthorityID,
    replica: String,
    notAfter: Date,
    leafCap: TimeInterval,
    at now: Date
  ) throws(RotationRefusal) -> AuthorityState {
    let issuer = try known(root)
    guard issuer.phase == .active else { throw .notTheSigner(root, signer: signer?.id) }
    guard notAfter <= issuer.certificate.notAfter else { throw .outlivesRoot(id) }
    guard !intermediates.contains(where: { $0.id == id }) else { throw .alreadyKnown(id) }
    guard intermediates.count < Self.maximumIntermediates else { throw .tooManyIntermediates }
    let seconds = min(max(leafCap.rounded(.up), 1), TimeInterval(IntermediateRecord.maximumLeafCap))
    return next(at: now) { state, stamp in
      state.intermediates.append(
        IntermediateRecord(
          id: id,
          root: root,
          replica: replica,
          notAfter: notAfter,
          leafCap: Int(exactly: seconds) ?? IntermediateRecord.maximumLeafCap,
          recorded: stamp
        )
      )
    }
  }

  /// Intermediates sign no more, and never will again.
  package func dropping(_ ids: [AuthorityID], at now: Date) throws(RotationRefusal) -> AuthorityState {
    for id in ids where !intermediates.contains(where: { $0.id == id }) { throw .unknownIntermediate(id) }
    return next(at: now) { state, stamp in
      for index in state.intermediates.indices
      where ids.contains(state.intermediates[index].id) && state.intermediates[index].dropped == nil {
        state.intermediates[index].dropped = stamp
      }
    }
  }

  /// Forgets records that nothing depends on any more.
  package func pruning(roots ids: [AuthorityID], intermediates records: [AuthorityID], at now: Date) -> AuthorityState {
    next(at: now) { state, _ in
      state.intermediates.removeAll { records.contains($0.id) }
      state.roots.removeAll { root in
        ids.contains(root.id) && root.phase == .retired && !state.intermediates.contains { $0.root == root.id }
      }
    }
  }

  private func known(_ id: AuthorityID) throws(RotationRefusal) -> AuthorityRoot {
    guard let root = root(id) else { throw .unknownRoot(id, known: roots.map(\.id)) }
    return root
  }

  private static func checkValidity(of root: RootCertificate, at now: Date) throws(RotationRefusal) {
    guard root.notBefore <= now, now < root.notAfter else {
      throw .notValid(root.id, notBefore: root.notBefore, notAfter: root.notAfter)
    }
  }

  private func next(at now: Date, _ change: (inout AuthorityState, Stamp) -> Void) -> AuthorityState {
    var state = self
    state.generation += 1
    change(&state, Stamp(generation: state.generation, time: now))
    return state
  }
}
