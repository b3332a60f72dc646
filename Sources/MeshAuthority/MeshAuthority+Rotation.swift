package import CertificateAuthority
package import FoundationEssentials
import SPIFFE

/// The steps of rotation. Each is one write of the state, and takes effect only once it is written; after a crash at any
/// point the next look goes on from what was written.
extension MeshAuthority {
  /// Rounds that one look may take: more means that writers chase each other.
  private static let maximumRounds = 16

  /// Loads the state, publishes it and takes every step that is due.
  ///
  /// - Parameter observe: what is seen of other replicas and of the bundle's spread outside of this process.
  /// - Returns: when to look again, if nothing changes before.
  package func look(
    now: Date,
    observe: @Sendable (AuthorityState) async -> RotationObservations
  ) async throws(MeshAuthorityError) -> Date {
    await turn.enter()
    let result: Result<Date, MeshAuthorityError>
    do throws(MeshAuthorityError) {
      result = .success(try await takeSteps(now: now, observe: observe))
      note(nil, now: now)
    } catch {
      // What is cut off by our own end says nothing.
      if !Task.isCancelled { note(error, now: now) }
      result = .failure(error)
    }
    await turn.leave()
    return try result.get()
  }

  /// Takes a step that a person asks for.
  ///
  /// - Parameter force: before it is safe.
  /// - Returns: the state after it.
  package func command(
    _ command: RotationCommand,
    force: Bool,
    now: Date,
    observe: @Sendable (AuthorityState) async -> RotationObservations
  ) async throws(MeshAuthorityError) -> AuthorityState {
    await turn.enter()
    let result: Result<AuthorityState, MeshAuthorityError>
    do throws(MeshAuthorityError) {
      result = .success(try await carryOut(command, force: force, now: now, observe: observe))
    } catch {
      result = .failure(error)
    }
    await turn.leave()
    return try result.get()
  }

  private func carryOut(
    _ command: RotationCommand,
    force: Bool,
    now: Date,
    observe: (AuthorityState) async -> RotationObservations
  ) async throws(MeshAuthorityError) -> AuthorityState {
    do {
      let observations = try await observations(observe)
      let state = try await round.run(command, observations, configuration.policy, now: now, force: force)
      try follow(state, now: now)
      return state
    } catch {
      throw MeshAuthorityError(error)
    }
  }

  private func takeSteps(
    now: Date,
    observe: (AuthorityState) async -> RotationObservations
  ) async throws(MeshAuthorityError) -> Date {
    do {
      for _ in 0..<Self.maximumRounds {
        // Asked before the state, so that its root is in the bundle: what signs next is published first.
        let before = custody.pluggedIn
        let (outcome, failure) = try await runRound(try await observations(observe), now: now)
        if failure == nil { note(outcome.holds) }
        if let pluggedIn = custody.isReadOnly ? before : custody.pluggedIn {
          try sign(with: pluggedIn, outcome.state, now: now)
          try await dropOwn(outcome.state, now: now)
          if let failure { throw failure }
          return outcome.nextLook
        }
        // Everyone is to trust a root before anything is signed under it.
        try follow(outcome.state, now: now)
        switch IntermediateAction.decide(signing?.held, outcome.state, configuration.policy, now: now) {
        case .keep:
          if let failure { throw failure }
          return min(outcome.nextLook, signing?.held?.schedule.replaceAt ?? .distantFuture)
        case .replace(let root): try await replaceIntermediate(under: root, outcome.state, now: now)
        }
      }
    } catch {
      throw MeshAuthorityError(error)
    }
    throw .contended
  }

  /// A step of rotation that fails must not keep this process from its next intermediate: what is in custody counts then.
  private func runRound(
    _ observations: RotationObservations,
    now: Date
  ) async throws -> (outcome: RotationRound.Outcome, failure: (any Error)?) {
    do {
      return (try await round.run(observations, configuration.policy, now: now), nil)
    } catch {
      guard let state = try await custody.load() else { throw error }
      return (RotationRound.Outcome(state: state, nextLook: now), error)
    }
  }

  var round: RotationRound {
    RotationRound(custody: custody, trustDomain: configuration.trustDomain) { _, now in
      try self.makeRoot(now: now)
    }
  }

  func observations(
    _ observe: (AuthorityState) async -> RotationObservations
  ) async throws -> RotationObservations {
    guard let state = try await custody.load() else {
      // Another authority than the one that everybody trusts must never come of a file that was lost.
      if signing != nil { throw MeshAuthorityError.stateLost }
      return RotationObservations()
    }
    guard state.trustDomain == configuration.trustDomain else {
      throw MeshAuthorityError.foreignState(of: state.trustDomain, configured: configuration.trustDomain)
    }
    if let known = signing?.generation, state.generation < known {
      throw MeshAuthorityError.stateWentBack(to: state.generation, from: known)
    }
    return await observe(state)
  }

  /// - Returns: false when somebody else wrote in between: everything is to be decided anew.
  private func replace(with state: AuthorityState) async throws(CustodyError) -> Bool {
    do {
      try await custody.replace(with: state)
      return true
    } catch .conflict {
      return false
    }
  }

  private func makeRoot(now: Date) throws -> (RootCertificate, RootKey) {
    let key = try cryptography.makeKey(configuration.keyAlgorithm)
    let certificate = try Issuer.makeRoot(
      configuration.trustDomain,
      key: key,
      lifetime: .seconds(configuration.policy.rootLife),
      now: now,
      serialNumber: try .random(from: cryptography),
      cryptography: cryptography
    )
    return (try RootCertificate(certificate), .pem(try key.privateKeyPEM()))
  }

  /// Gives out the state's bundle from now on.
  private func follow(_ state: AuthorityState, now: Date) throws(MeshAuthorityError) {
    guard let signing, signing.generation < state.generation else { return }
    do {
      publish(
        SigningState(
          issuer: signing.issuer,
          bundle: try bundle(of: state),
          generation: state.generation,
          held: signing.held,
          root: signing.root
        ),
        now: now
      )
    } catch {
      throw MeshAuthorityError(error)
    }
  }

  /// Leaves are signed by what someone has plugged in, without an intermediate of ours: it may not allow one.
  private func sign(with authority: PluggedInAuthority, _ state: AuthorityState, now: Date) throws {
    if let signing, signing.generation == state.generation, signing.issuer.certificate == authority.signer { return }
    var path = [authority.signer] + authority.chain
    let root = try MeshCertificate(derBytes: authority.root.derEncoded)
    if root != authority.signer { path.append(root) }
    publish(
      SigningState(
        issuer: try Issuer(chain: path, key: authority.key, cryptography: cryptography),
        bundle: try bundle(of: state),
        generation: state.generation,
        held: nil,
        root: authority.root.id
      ),
      now: now
    )
  }

  /// Notes that intermediates of ours sign no more, now that something plugged in does.
  private func dropOwn(_ state: AuthorityState, now: Date) async throws {
    let own = state.intermediates.filter { $0.replica == configuration.replica && $0.dropped == nil }
    guard !own.isEmpty else { return }
    // Where somebody else was faster, the next look does it.
    _ = try await replace(with: try state.dropping(own.map(\.id), at: now))
  }

  private func bundle(of state: AuthorityState) throws -> TrustBundle {
    try TrustBundle(
      trustDomain: state.trustDomain,
      authorities: state.bundle.map { try MeshCertificate(derBytes: $0.derEncoded) }
    )
  }

  /// Makes an intermediate, records it, and only then signs with it; the old one is recorded as dropped afterwards.
  ///
  /// When somebody else writes in between, it is thrown away, and the next round makes another.
  private func replaceIntermediate(
    under id: AuthorityID,
    _ state: AuthorityState,
    now: Date
  ) async throws {
    let old = signing?.held
    guard let root = state.root(id) else { throw RotationRefusal.unknownRoot(id, known: state.roots.map(\.id)) }
    guard let location = root.key else { throw MeshAuthorityError.keyMissing(id) }
    let anchor = try MeshCertificate(derBytes: root.certificate.derEncoded)
    let signer = try Issuer(chain: [anchor], key: try openKey(location), cryptography: cryptography)
    guard
      let schedule = IntermediateSchedule(
        under: root.certificate,
        configuration.policy,
        now: now,
        draw: Double.random(in: 0..<1)
      )
    else {
      throw RotationRefusal.notValid(
        id,
        notBefore: root.certificate.notBefore,
        notAfter: root.certificate.notAfter
      )
    }
    let key = try cryptography.makeKey(configuration.keyAlgorithm)
    let life = Duration.seconds(schedule.notAfter.timeIntervalSince(now))
    let issued = try signer.issue(
      .intermediate(configuration.trustDomain),
      for: ProvenKey(key),
      lifetime: life,
      policy: LifetimePolicy(standard: life, maximum: life, minimum: .seconds(1)),
      now: now,
      serialNumber: try .random(from: cryptography)
    ).certificate
    let held = HeldIntermediate(id: AuthorityID(issued), root: id, schedule: schedule)
    var next = try state.recording(
      held.id,
      under: id,
      replica: configuration.replica,
      notAfter: issued.validity.notAfter,
      leafCap: configuration.policy.leafCap,
      at: now
    )
    guard try await replace(with: next) else { return }
    let issuer = try Issuer(chain: [issued, anchor], key: key, cryptography: cryptography)
    publish(
      SigningState(issuer: issuer, bundle: try bundle(of: next), generation: next.generation, held: held, root: id),
      now: now
    )
    if let old, next.intermediates.contains(where: { $0.id == old.id && $0.dropped == nil }) {
      next = try next.dropping([old.id], at: now)
      if try await replace(with: next) { try follow(next, now: now) }
    }
  }
}
