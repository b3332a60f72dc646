package import CertificateAuthority
package import FoundationEssentials
import KubernetesAPI
import KubernetesObjects

/// Roots that a person plugs in by a Secret. They are in the state as roots without a key, and go through the phases as
/// others do: published first, signing when everyone has them. What signs under them is in that Secret, and from its first
/// signature on as a copy in the authority's own.
extension SecretCustody {
  private var pluggedInPath: String { "Secret \(names.namespace)/\(names.pluggedInSecret)" }

  /// Why what is plugged in is not used; nil where it is, or nothing is plugged in.
  package var pluggedInProblem: PluggedInError? { source.problem }

  /// The roots under which something that is plugged in can sign.
  var pluggedInRoots: Set<AuthorityID> {
    Set([source.newest?.authority.root.id, pluggedIn?.root.id].compactMap(\.self))
  }

  /// When what signs ends, if it is plugged in.
  package var pluggedInEnds: Date? { pluggedIn?.notAfter }

  /// Reads what is plugged in now.
  ///
  /// - Returns: whether anything is.
  @discardableResult
  package func lookAtPluggedIn() async throws(CustodyError) -> Bool {
    let key = names.key(names.pluggedInSecret)
    let secret = try await ask { client, _ throws(APIError) in try await client.find(.secrets, key)?.root.value }
    source.saw(secret, path: pluggedInPath, now: wallClock())
    return secret != nil
  }

  /// The first state: under what is plugged in, if something is. One that can't be used is not passed over in silence.
  func first(_ state: AuthorityState) async throws(CustodyError) -> AuthoritySecret {
    guard try await lookAtPluggedIn() else { return AuthoritySecret(state: state, fence: newestFence) }
    if let problem = source.problem { throw .unusable(path: pluggedInPath, problem) }
    guard let plugged = source.newest else { return AuthoritySecret(state: state, fence: newestFence) }
    let first = AuthorityState(
      trustDomain: state.trustDomain,
      firstRoot: plugged.authority.root,
      key: nil,
      at: wallClock()
    )
    return AuthoritySecret(state: first, fence: newestFence, signer: plugged.contents)
  }

  /// The files that sign under the root that signs; nil where that has a key of its own.
  func signerFiles(of state: AuthorityState) throws(CustodyError) -> PluggedInContents? {
    guard let signer = state.signer, signer.key == nil else { return nil }
    guard let plugged = source.newest, plugged.authority.root.id == signer.id else {
      throw .unreadable(
        path: pluggedInPath,
        problem: "root \(signer.id) is to sign, and nothing under it is plugged in"
      )
    }
    return plugged.contents
  }

  /// Takes the next step towards what is plugged in, as the leader: prepares its root, or keeps a copy of what signs.
  func adoptPluggedIn() async throws(CustodyError) {
    guard let (found, object) = try await read() else { return }
    guard let plugged = source.newest else { return try await withdraw(found.state, unless: nil) }
    let root = plugged.authority.root
    if found.state.signer?.id == root.id {
      guard found.state.signer?.key == nil, found.signer != plugged.contents else { return }
      guard let fence = leadership()?.fence, fence >= found.fence else { return }
      let new = AuthoritySecret(state: found.state, fence: fence, signer: plugged.contents)
      guard try await write(new, into: object) else { throw .conflict(found: found.state.generation) }
      return
    }
    if let known = found.state.root(root.id) {
      try await withdraw(found.state, unless: root.id)
      // A root that nobody trusts any more does not come back: somebody may have good reasons to have replaced it.
      if known.phase == .retired || known.phase == .superseded {
        source.refuse(plugged, because: .pastRoot(root.id))
      }
      return
    }
    do {
      var state = found.state
      // One that waits has signed nothing yet.
      if let waiting = state.successor {
        state = try state.retiring(waiting.id, at: wallClock())
        try await replace(with: state)
      }
      try await replace(with: try state.preparing(root, key: nil, at: wallClock()))
    } catch let error as CustodyError {
      throw error
    } catch {
      throw .unwritable(path: path, problem: "\(error)")
    }
  }

  /// Takes back a root that waits for its turn, when what would sign under it is plugged in no more: a person has thought
  /// better of it.
  private func withdraw(_ state: AuthorityState, unless root: AuthorityID?) async throws(CustodyError) {
    guard source.isSettled, let waiting = state.successor, waiting.key == nil, waiting.id != root
    else { return }
    do {
      try await replace(with: try state.retiring(waiting.id, at: wallClock()))
    } catch let error as CustodyError {
      throw error
    } catch {
      throw .unwritable(path: path, problem: "\(error)")
    }
  }
}
