package import CertificateAuthority
package import FoundationEssentials
package import MeshAuthority
package import SPIFFE

/// The operator's operations on the authority of this process.
package struct AuthorityOperations: AuthorityAdministrator {
  /// Issues to the holder of the order's key: the one path that everything is issued on, its audit included.
  package typealias Issuance =
    @Sendable (_ order: CertificateOrder, _ identity: WorkloadIdentity, _ now: Date) async throws(AdministrationError)
    -> ReleasedCertificate

  private let authority: MeshAuthority
  private let custody: String
  private let isServing: Bool
  private let observe: @Sendable (AuthorityState) async -> RotationObservations
  private let issuance: Issuance
  private let now: @Sendable () -> Date

  /// - Parameters:
  ///   - custody: where the state lies, in words.
  ///   - isServing: whether this process goes on to serve; then a step of rotation is followed at once by what is due
  ///     after it, a new intermediate for this process among it.
  ///   - observe: what is seen of other replicas and of the bundle's spread outside of this process.
  package init(
    authority: MeshAuthority,
    custody: String,
    isServing: Bool,
    observe: @escaping @Sendable (AuthorityState) async -> RotationObservations,
    issuance: @escaping Issuance,
    now: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.authority = authority
    self.custody = custody
    self.isServing = isServing
    self.observe = observe
    self.issuance = issuance
    self.now = now
  }

  package func status() async throws(AdministrationError) -> AuthorityStatus {
    try await status(of: try await state(), now: now())
  }

  package func rotate(_ request: RotationRequest) async throws(AdministrationError) -> RotationReport {
    let now = now()
    let before = try await state()
    guard !authority.isReadOnly else {
      throw AdministrationError(.refused, "the roots are plugged in, and not ours to rotate; replace the files instead")
    }
    let command = try request.command(before, isAutomatic: authority.configuration.policy.isAutomatic)
    var problem: String?
    do throws(MeshAuthorityError) {
      if let command { _ = try await authority.command(command, force: request.isForced, now: now, observe: observe) }
    } catch {
      throw AdministrationError(error)
    }
    if isServing {
      do throws(MeshAuthorityError) {
        _ = try await authority.look(now: now, observe: observe)
      } catch {
        // The step itself is written; this is tried again at every look.
        problem = "\(error)"
      }
    }
    let after = try await state()
    return RotationReport(
      done: RotationReport.changes(from: before, to: after),
      problem: problem,
      status: try await status(of: after, now: now)
    )
  }

  package func bundle() async throws(AdministrationError) -> AuthorityBundle {
    // What is given out counts, which is never ahead of what is kept.
    if let signing = authority.signing { return AuthorityBundle(signing.bundle, generation: signing.generation) }
    return try AuthorityBundle(try await state())
  }

  package func issue(_ order: CertificateOrder) async throws(AdministrationError) -> OrderedCertificate {
    let identity: WorkloadIdentity
    do {
      identity = try WorkloadIdentity(SPIFFEID(order.identity))
    } catch {
      throw AdministrationError(.badRequest, "\(order.identity.prefix(256)): \(error)")
    }
    let ours = authority.configuration.trustDomain
    guard identity.trustDomain == ours else {
      throw AdministrationError(
        .refused,
        "\(identity) is of another trust domain; this authority issues for spiffe://\(ours.name)/ns/…/sa/… only"
      )
    }
    let released = try await issuance(order, identity, now())
    // Nobody knows which bundle the operator hands on with it, or when.
    authority.handedOut(leafEnds: released.certificate.validity.notAfter, withBundle: false)
    return OrderedCertificate(released, identity: identity.description, bundle: try await bundle().bundle)
  }

  private func state() async throws(AdministrationError) -> AuthorityState {
    do throws(MeshAuthorityError) {
      if let state = try await authority.storedState() { return state }
    } catch {
      throw AdministrationError(error)
    }
    throw AdministrationError(.notReady, "\(RotationRefusal.noAuthority)")
  }

  private func status(of state: AuthorityState, now: Date) async throws(AdministrationError) -> AuthorityStatus {
    let policy = authority.configuration.policy
    let plan = RotationPlan.make(state, await observe(state), policy, now: now)
    var status: AuthorityStatus
    do throws(KeyError) {
      status = try AuthorityStatus(
        state,
        holds: authority.isReadOnly ? [] : plan.holds,
        policy,
        custody: custody,
        isReadOnly: authority.isReadOnly,
        digester: authority.digester,
        now: now
      )
    } catch {
      throw AdministrationError(.failed, "\(error)")
    }
    if isServing {
      status.replica = authority.configuration.replica
      status.isReady = authority.isReady(now: now)
      status.issuerEnds = authority.signing?.issuer.validity.notAfter
    }
    return status
  }
}
