package import CertificateAuthority
package import FoundationEssentials

/// What an operator's commands need besides the steps of rotation.
extension MeshAuthority {
  /// Whether roots come from outside, so that there is nothing to rotate here.
  package var isReadOnly: Bool { custody.isReadOnly }

  /// For fingerprints of what is issued here.
  package var digester: any Digester { cryptography }

  /// The state as it is kept, which may be ahead of what this process gives out; nil where there is none yet.
  package func storedState() async throws(MeshAuthorityError) -> AuthorityState? {
    do throws(CustodyError) {
      return try await custody.load()
    } catch {
      throw .custody(error)
    }
  }

  /// Takes the steps that are due in the state, the first root among them, without becoming someone who issues under it.
  ///
  /// - Parameter policy: in place of this authority's own.
  /// - Returns: the state after them.
  package func settle(
    _ policy: RotationPolicy,
    now: Date,
    observe: @Sendable (AuthorityState) async -> RotationObservations
  ) async throws(MeshAuthorityError) -> AuthorityState {
    await turn.enter()
    let result: Result<AuthorityState, MeshAuthorityError>
    do {
      result = .success(try await round.run(try await observations(observe), policy, now: now).state)
    } catch {
      result = .failure(MeshAuthorityError(error))
    }
    await turn.leave()
    return try result.get()
  }

  /// Writes down that this process signs no more, so that rotation need not wait for its intermediate to end. The last
  /// call of a process: whatever it issued afterwards would not be waited for.
  package func stepDown(now: Date) async throws(MeshAuthorityError) {
    await turn.enter()
    let result: Result<Void, MeshAuthorityError>
    do {
      let state = try await custody.load()
      if let held = signing?.held, let state,
        state.intermediates.contains(where: { $0.id == held.id && $0.dropped == nil })
      {
        try await custody.replace(with: try state.dropping([held.id], at: now))
      }
      result = .success(())
    } catch {
      result = .failure(MeshAuthorityError(error))
    }
    await turn.leave()
    return try result.get()
  }
}
