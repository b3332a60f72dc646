import AmeshTesting
import CertificateAuthority
import CertificateCustody
import FoundationEssentials
import MeshAuthority
import NIOConcurrencyHelpers
import OpenSSLKeys
import SPIFFE

@testable import AuthorityAdministration

/// A real authority with a clock of ours, and the operations on it.
struct Harness {
  static let start = Date(timeIntervalSince1970: 1_800_000_000)
  static let web = "spiffe://mesh.example/ns/shop/sa/web"

  /// Lives of seconds, so that a whole rotation fits into some minutes of the clock.
  static var policy: RotationPolicy {
    var policy = RotationPolicy()
    policy.rootLife = 10_000
    policy.prepareAhead = 2_000
    policy.intermediateLife = 400
    policy.leafLife = 60
    policy.leafCap = 100
    policy.skew = 10
    return policy
  }

  static var manual: RotationPolicy {
    var policy = policy
    policy.isAutomatic = false
    return policy
  }

  let custody: MemoryCustody
  let authority: MeshAuthority
  let operations: AuthorityOperations
  private let clock = NIOLockedValueBox(start)

  init(policy: RotationPolicy = Harness.policy, isServing: Bool = true) throws {
    let openSSL = OpenSSL()
    let custody = MemoryCustody()
    let authority = MeshAuthority(
      configuration: MeshAuthorityConfiguration(
        trustDomain: try TrustDomain("mesh.example"),
        policy: policy,
        replica: "one"
      ),
      custody: custody,
      cryptography: openSSL,
      openKey: { key throws(KeyError) in
        switch key {
        case .pem(let pem): try openSSL.importKey(pem: pem)
        case .uri(let uri): try openSSL.openKey(at: uri)
        }
      }
    )
    let clock = clock
    operations = AuthorityOperations(
      authority: authority,
      custody: "memory",
      isServing: isServing,
      observe: authority.observeAlone,
      issuance: Self.issuance(authority),
      now: { clock.withLockedValue { $0 } }
    )
    self.custody = custody
    self.authority = authority
  }

  /// Later by so many seconds.
  func pass(_ seconds: TimeInterval) { clock.withLockedValue { $0.addTimeInterval(seconds) } }

  func look() async throws {
    _ = try await authority.look(now: clock.withLockedValue { $0 }, observe: authority.observeAlone)
  }

  private static func issuance(_ authority: MeshAuthority) -> AuthorityOperations.Issuance {
    { (order: CertificateOrder, identity: WorkloadIdentity, now: Date) async throws(AdministrationError) in
      do {
        let key = try ProvenKey(CertificateRequest(pem: Array(order.request.utf8)), verifier: OpenSSL())
        let lifetime = order.lifetimeSeconds.map { Duration.seconds($0) }
        return try authority.issue(identity, for: key, lifetime: lifetime, now: now)
      } catch let error as MeshAuthorityError {
        throw AdministrationError(error)
      } catch {
        throw AdministrationError(.badRequest, "\(error)")
      }
    }
  }

  /// A request of openssl's, with a new key.
  static func request() throws -> String {
    let made = try OpenSSLCommand.run(
      ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=any"]
        + ["-keyout", "/dev/null"]
    )
    return made.text
  }
}
