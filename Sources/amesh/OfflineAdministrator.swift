import AuthorityAdministration
import CertificateAuthority
import Foundation
import IdentityServer
import Logging
import MeshAuthority
import MeshConfiguration
import OpenSSLKeys
import SPIFFE

/// The authority where the configuration says that it lies, without a server. What changes it takes the directory for as
/// long as that lasts.
struct OfflineAdministrator: AuthorityAdministrator {
  private let configuration: Configuration
  private let custody: OfflineCustody

  /// - Parameter isAsked: whether the operator wants no server to be asked, by --offline.
  init(_ configuration: Configuration, isAsked: Bool) {
    // Before anything is read: keys come with the state.
    if let problem = KeyMemory.protect() { Console.error("warning: keys may end up in core dumps: \(problem)") }
    self.configuration = configuration
    custody = OfflineCustody(configuration, isAsked: isAsked)
  }

  func status() async throws(AdministrationError) -> AuthorityStatus {
    try status(of: try await custody.look())
  }

  func bundle() async throws(AdministrationError) -> AuthorityBundle {
    try AuthorityBundle(try await custody.look())
  }

  func rotate(_ request: RotationRequest) async throws(AdministrationError) -> RotationReport {
    let authority = try authority(of: try await custody.look().trustDomain, policy: configuration.identity.rotation)
    do throws(MeshAuthorityError) {
      // Whoever issued before is gone, since the directory is ours now: nothing waits for it longer than it has to.
      _ = try await authority.settle(commandsOnly, now: Date(), observe: authority.observeAlone)
    } catch {
      throw AdministrationError(error)
    }
    return try await operations(authority).rotate(request)
  }

  func issue(_ order: CertificateOrder) async throws(AdministrationError) -> OrderedCertificate {
    let authority = try authority(of: try await custody.look().trustDomain, policy: commandsOnly)
    do throws(MeshAuthorityError) {
      _ = try await authority.look(now: Date(), observe: authority.observeAlone)
    } catch {
      throw AdministrationError(error)
    }
    let result: Result<OrderedCertificate, AdministrationError>
    do throws(AdministrationError) {
      result = .success(try await operations(authority).issue(order))
    } catch {
      result = .failure(error)
    }
    // What can't be written costs the next rotation some days, and nobody a certificate.
    try? await authority.stepDown(now: Date())
    return try result.get()
  }

  /// What is asked for is done, and no step of rotation besides.
  private var commandsOnly: RotationPolicy {
    var policy = configuration.identity.rotation
    policy.isAutomatic = false
    return policy
  }

  /// Makes the first root of a new authority.
  func create(_ trustDomain: TrustDomain) async throws(AdministrationError) -> AuthorityStatus {
    let authority = try authority(of: trustDomain, policy: configuration.identity.rotation)
    var created: AuthorityState?
    do throws(MeshAuthorityError) {
      if try await authority.storedState() == nil {
        created = try await authority.settle(commandsOnly, now: Date(), observe: authority.observeAlone)
      }
    } catch {
      throw AdministrationError(error)
    }
    guard let created else {
      throw AdministrationError(
        .refused,
        "\(AuthorityCustody.directory(configuration.server)) holds an authority already; amesh ca status shows it, and another one needs another --state-directory"
      )
    }
    return try status(of: created)
  }

  private func status(of state: AuthorityState) throws(AdministrationError) -> AuthorityStatus {
    let policy = configuration.identity.rotation
    let observations = RotationObservations(configMapsHold: Set(state.roots.map(\.id)))
    do throws(KeyError) {
      return try AuthorityStatus(
        state,
        holds: custody.isReadOnly ? [] : RotationPlan.make(state, observations, policy, now: Date()).holds,
        policy,
        custody: custody.place,
        isReadOnly: custody.isReadOnly,
        digester: OpenSSL(),
        now: Date()
      )
    } catch {
      throw AdministrationError(.failed, "\(error)")
    }
  }

  /// Takes the directory for this process.
  private func authority(
    of trustDomain: TrustDomain,
    policy: RotationPolicy
  ) throws(AdministrationError) -> MeshAuthority {
    var settings = MeshAuthorityConfiguration(trustDomain: trustDomain, policy: policy, replica: Replica.name())
    settings.dnsNames = configuration.identity.leaf.dnsNames
    return MeshAuthority(
      configuration: settings,
      custody: try custody.take(),
      cryptography: OpenSSL(),
      openKey: { key throws(KeyError) in try OpenSSL().openKey(key) }
    )
  }

  private func operations(_ authority: MeshAuthority) throws(AdministrationError) -> AuthorityOperations {
    let logger = Logger(label: "audit")
    let audit: AuditLog
    do throws(AuditLogError) {
      let name = configuration.identity.auditFile
      audit =
        try name.map { name throws(AuditLogError) in
          try .file("\(configuration.server.stateDirectory)/\(name)", logger: logger)
        } ?? .logger(logger)
    } catch {
      throw AdministrationError(.failed, "identity.auditFile: \(error)")
    }
    let issuer = WorkloadIssuer(
      authority: authority,
      cryptography: OpenSSL(),
      refusesForeignNames: configuration.identity.strictRequests,
      audit: audit,
      metrics: IdentityMetrics()
    )
    return AuthorityOperations(
      authority: authority,
      custody: custody.place,
      isServing: false,
      observe: authority.observeAlone,
      issuance: OperatorIssuing.issuance(issuer)
    )
  }
}
