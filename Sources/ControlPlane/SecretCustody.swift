package import CertificateAuthority
package import FoundationEssentials
package import KubernetesAPI
import KubernetesObjects
package import MeshAuthority
import NIOConcurrencyHelpers

/// Keeps the authority's state in one Secret, which all replicas share.
///
/// Every write is compare-and-set on the Secret's resourceVersion. Records of its own intermediates are any replica's to
/// write; a step of rotation is the leader's, and carries the fence of its leadership: one who leads no more and does not
/// know it yet is refused. What is there is never followed backwards.
package final class SecretCustody: Custody {
  /// How often a write is tried again that another one has overtaken.
  private static let maximumConflicts = 8

  let client: any KubernetesClient
  let names: ObjectNames
  private let replica: String
  private let digester: any Digester
  let source: PluggedInSource
  let leadership: @Sendable () -> Leadership?
  let wallClock: @Sendable () -> Date
  private let memory = NIOLockedValueBox(AuthorityMemory())
  private let decoded = NIOLockedValueBox<(version: String, held: AuthoritySecret)?>(nil)
  /// The copy of what is plugged in that was checked last.
  private let copy = NIOLockedValueBox<PluggedInSource.Plugged?>(nil)
  let path: String
  private var key: ObjectKey { names.key(names.authoritySecret) }

  /// - Parameters:
  ///   - replica: this process, as its records in the state name it.
  ///   - policy: by which a plugged-in authority is judged.
  ///   - leadership: whether this process leads now, see ``LeaderElection/leadership``.
  package init(
    client: any KubernetesClient,
    names: ObjectNames,
    replica: String,
    cryptography: any MeshAuthority.Libraries,
    policy: RotationPolicy,
    wallClock: @escaping @Sendable () -> Date = { Date() },
    leadership: @escaping @Sendable () -> Leadership?
  ) {
    self.client = client
    self.names = names
    self.replica = replica
    digester = cryptography
    source = PluggedInSource(keys: cryptography, policy: policy)
    self.wallClock = wallClock
    self.leadership = leadership
    path = "Secret \(names.namespace)/\(names.authoritySecret)"
  }

  /// The highest fence that was seen, for ``LeaderElection``: whoever leads next has a higher one.
  package var newestFence: Int { memory.withLockedValue { $0.newest?.fence ?? 0 } }

  /// The generation that was seen last; nil before there is one.
  package var newestGeneration: Int? { memory.withLockedValue { $0.newest?.state.generation } }

  /// What was seen last; nil before there is one.
  var newestState: AuthorityState? { memory.withLockedValue { $0.newest?.state } }

  package func load() async throws(CustodyError) -> AuthorityState? { try await read()?.held.state }

  package func createOrAdopt(_ state: AuthorityState) async throws(CustodyError) -> AuthorityState {
    for _ in 0..<Self.maximumConflicts {
      if let found = try await read() { return found.held.state }
      try await refuseIfTrusted()
      let new = try await first(state)
      let object = try new.written(into: AuthoritySecret.newSecret(key), path: path, digester: digester)
      do throws(APIError) {
        try await client.create(.secrets, object)
        memory.withLockedValue { $0.keep(new) }
        return new.state
      } catch let error where error.isAlreadyExists {
        // Someone was faster.
        continue
      } catch {
        throw .unwritable(path: path, problem: "\(error)")
      }
    }
    throw .conflict(found: nil)
  }

  package func replace(with state: AuthorityState) async throws(CustodyError) {
    guard let (found, object) = try await read() else { throw .conflict(found: nil) }
    guard found.state.generation == state.generation - 1 else { throw .conflict(found: found.state.generation) }
    var new = AuthoritySecret(state: state, fence: found.fence, signer: found.signer)
    if case .rotation(let signer) = AuthorityChange.between(found.state, state, replica: replica) {
      let fence = leadership()?.fence
      guard let fence, fence >= found.fence else { throw .fenced(path: path, fence: fence, newest: found.fence) }
      if let signer {
        try await refuseUnlessPublished(signer)
        new.signer = try signerFiles(of: state)
      }
      new.fence = fence
    }
    guard try await write(new, into: object) else {
      throw .conflict(found: try await read()?.held.state.generation)
    }
  }

  /// Writes down that a leader has come, so that the one before is refused from now on, whatever it believes.
  package func claim(_ fence: Int) async throws(CustodyError) {
    for _ in 0..<Self.maximumConflicts {
      guard let (found, object) = try await read(), found.fence != fence else { return }
      guard found.fence < fence else { throw .fenced(path: path, fence: fence, newest: found.fence) }
      if try await write(AuthoritySecret(state: found.state, fence: fence, signer: found.signer), into: object) {
        return
      }
    }
    throw .conflict(found: newestGeneration)
  }

  // MARK: What is plugged in

  /// Own roots go on being rotated beside what is plugged in.
  package var isReadOnly: Bool { false }

  package var pluggedIn: PluggedInAuthority? {
    guard let newest = memory.withLockedValue({ $0.newest }), let signer = newest.state.signer, signer.key == nil else {
      return nil
    }
    if let plugged = source.newest, plugged.authority.root.id == signer.id { return plugged.authority }
    guard let contents = newest.signer else { return nil }
    if let copy = copy.withLockedValue({ $0 }), copy.contents == contents { return copy.authority }
    guard let authority = source.check(contents, now: wallClock()), authority.root.id == signer.id else { return nil }
    copy.withLockedValue { $0 = PluggedInSource.Plugged(contents: contents, authority: authority) }
    return authority
  }

  // MARK: The Secret

  func read() async throws(CustodyError) -> (held: AuthoritySecret, object: JSONValue)? {
    let before = memory.withLockedValue { $0 }
    let secret = try await ask { client, key throws(APIError) in try await client.find(.secrets, key)?.root.value }
    let held = try secret.map { secret throws(CustodyError) in try decode(secret) }
    try before.check(held, path: path, cure: AuthorityMemory.cure(names))
    guard let held, let secret else { return nil }
    if before.newest == nil { try await refuseIfOlderThanPublished(held.state) }
    memory.withLockedValue { $0.keep(held) }
    return (held, secret)
  }

  /// What is unchanged is not verified again: this is asked for each second while rotation waits.
  private func decode(_ secret: JSONValue) throws(CustodyError) -> AuthoritySecret {
    let version = secret["metadata"]?["resourceVersion"]?.string
    if let version, let last = decoded.withLockedValue({ $0 }), last.version == version { return last.held }
    let held = try AuthoritySecret(secret, path: path, digester: digester)
    if let version { decoded.withLockedValue { $0 = (version, held) } }
    return held
  }

  /// - Returns: false when somebody else wrote in between.
  func write(_ new: AuthoritySecret, into object: JSONValue) async throws(CustodyError) -> Bool {
    let object = try new.written(into: object, path: path, digester: digester)
    do throws(APIError) {
      try await client.update(.secrets, object)
    } catch let error where error.isConflict || error.isNotFound {
      return false
    } catch {
      throw .unwritable(path: path, problem: "\(error)")
    }
    memory.withLockedValue { $0.keep(new) }
    return true
  }

  func ask<Answer>(
    _ question: (any KubernetesClient, ObjectKey) async throws(APIError) -> Answer
  ) async throws(CustodyError) -> Answer {
    do throws(APIError) {
      return try await question(client, key)
    } catch {
      throw .unreadable(path: path, problem: "\(error)")
    }
  }

  // MARK: What everybody trusts already

  private var bundleKey: ObjectKey { names.key(names.trustBundle) }

  private func published() async throws(CustodyError) -> PublishedBundle? {
    try await ask { client, _ throws(APIError) in try await PublishedBundle.read(client, bundleKey) }
  }

  /// Another authority must not come of a Secret that was lost.
  private func refuseIfTrusted() async throws(CustodyError) {
    guard let roots = try await published()?.roots, !roots.isEmpty else { return }
    throw .lost(path: path, roots: Array(roots), cure: AuthorityMemory.cure(names))
  }

  /// Nor may one that starts go on from a backup that is older than what everybody has.
  private func refuseIfOlderThanPublished(_ state: AuthorityState) async throws(CustodyError) {
    guard let known = try await published()?.generation, state.generation < known else { return }
    throw .wentBack(path: path, found: state.generation, known: known, cure: AuthorityMemory.cure(names))
  }

  /// A root is published before anything is signed under it.
  private func refuseUnlessPublished(_ root: AuthorityID) async throws(CustodyError) {
    guard let roots = try await published()?.roots, !roots.contains(root) else { return }
    throw .unpublished(root: root, bundle: "ConfigMap \(bundleKey)")
  }
}
