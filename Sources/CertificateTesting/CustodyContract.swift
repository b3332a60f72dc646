package import CertificateAuthority
package import FoundationEssentials
import SPIFFE
import Testing

/// What every custody must do. Each of its tests calls ``check(writable:)`` or ``check(readOnly:)``.
package struct CustodyContract: Sendable {
  package let now: Date
  package let first: AuthorityState
  package let other: AuthorityState

  package init(now: Date = Date(timeIntervalSince1970: 1_767_225_600)) throws {
    self.now = now
    let trustDomain = try TrustDomain("cluster.local")
    let maker = CertificateMaker(notBefore: now.addingTimeInterval(-120))
    let made = (try maker.root("one"), try maker.root("two"))
    first = AuthorityState(trustDomain: trustDomain, firstRoot: try made.0.root(), key: .pem(made.0.keyPEM), at: now)
    other = AuthorityState(trustDomain: trustDomain, firstRoot: try made.1.root(), key: .pem(made.1.keyPEM), at: now)
  }

  /// The state with one more root, of the next generation.
  package func prepared(_ state: AuthorityState, _ name: String = "next") throws -> AuthorityState {
    let made = try CertificateMaker(notBefore: now.addingTimeInterval(-120)).root(name)
    return try state.preparing(try made.root(), key: .pem(made.keyPEM), at: now)
  }

  /// - Parameter reopen: the custody again, as a new process sees it; nothing of the one before is held any more when
  ///   it is called.
  package func check(writable reopen: () throws -> any Custody) async throws {
    let last = try await checkWrites(try reopen())
    let custody = try reopen()
    #expect(try await custody.load() == last, "it outlives its process")
    #expect(try await custody.createOrAdopt(other) == last)
    try await checkRaces(custody)
  }

  private func checkWrites(_ custody: any Custody) async throws -> AuthorityState {
    #expect(try await custody.load() == nil)
    await #expect(throws: CustodyError.conflict(found: nil), "what is not there has no successor") {
      try await custody.replace(with: try prepared(first))
    }
    #expect(try await custody.load() == nil)

    #expect(try await custody.createOrAdopt(first) == first)
    #expect(try await custody.createOrAdopt(other) == first, "the first one wins")
    #expect(try await custody.load() == first)

    let second = try prepared(first)
    try await custody.replace(with: second)
    #expect(try await custody.load() == second)
    await #expect(throws: CustodyError.conflict(found: 2), "a writer that has seen less is fenced off") {
      try await custody.replace(with: try prepared(first, "late"))
    }
    await #expect(throws: CustodyError.conflict(found: 2), "a generation can't be skipped") {
      let root = try #require(second.successor?.id)
      let third = try second.activating(root, at: now)
      try await custody.replace(with: third.dropping([], at: now))
    }
    #expect(try await custody.load() == second)

    let root = try #require(second.successor?.id)
    let third = try second.activating(root, at: now)
    try await custody.replace(with: third)
    return third
  }

  /// Many writers, one step each: exactly one wins.
  private func checkRaces(_ custody: any Custody) async throws {
    let state = try #require(try await custody.load())
    let signer = try #require(state.signer)
    let id = try #require(AuthorityID("abc"))
    let next = try state.recording(
      id,
      under: signer.id,
      replica: "a",
      notAfter: now.addingTimeInterval(600),
      leafCap: 7_200,
      at: now
    )
    let winners = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask { @Sendable in
          do throws(CustodyError) {
            try await custody.replace(with: next)
            return true
          } catch {
            return false
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(winners == 1)
    #expect(try await custody.load() == next)
  }

  /// - Parameter open: a custody that holds a state which is not ours to change.
  package func check(readOnly open: () throws -> any Custody) async throws {
    let custody = try open()
    let state = try #require(try await custody.load())
    #expect(state.signer != nil)
    #expect(try await custody.createOrAdopt(other) == state, "what is there is adopted")
    let error = await #expect(throws: CustodyError.self) {
      try await custody.replace(with: state.dropping([], at: now))
    }
    guard case .readOnly = error else {
      Issue.record("refused with \(error.debugDescription)")
      return
    }
    #expect(try await custody.load() == state)
    #expect(try await open().load() == state, "another process sees the same")
  }
}
