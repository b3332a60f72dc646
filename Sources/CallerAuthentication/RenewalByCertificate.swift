package import CertificateAuthority
package import FoundationEssentials
package import SPIFFE
import Synchronization
@_spi(FixedExpiryValidationTime) import X509

/// Authenticates by an SVID that is still valid, for renewal of the same identity.
///
/// The chain is verified on each request against the roots of this moment: a TLS session that was set up or resumed
/// under an earlier bundle proves nothing. A stolen key is of use until the last token is too long ago, whatever it
/// renews in between.
package final class RenewalByCertificate: AuthenticationMethod {
  /// Certificates of a chain, and bytes of each.
  package static let maximumChainLength = 5
  package static let maximumCertificateLength = 16 * 1024
  /// How far a time in a certificate may lie ahead of our clock: another replica's may have written it.
  static let leeway: TimeInterval = 60

  /// How long after the last authentication by token certificates renew certificates, and live.
  package static let maximumAge: Duration = .seconds(24 * 3600)

  private let trustDomain: TrustDomain
  private let maximumAge: Duration
  private let roots: Mutex<[MeshCertificate]>

  /// - Parameters:
  ///   - roots: the bundle of the trust domain.
  ///   - maximumAge: how long after the last authentication by token certificates renew certificates.
  package init(trustDomain: TrustDomain, roots: [MeshCertificate], maximumAge: Duration = maximumAge) {
    self.trustDomain = trustDomain
    self.maximumAge = maximumAge
    self.roots = Mutex(roots)
  }

  /// From now on chains have to end in one of these.
  package func replace(roots: [MeshCertificate]) {
    self.roots.withLock { $0 = roots }
  }

  package func judge(_ credentials: Credentials, at now: Date) async -> AuthenticationVerdict {
    let chain = credentials.certificateChain
    guard let leaf = chain.first else { return .notApplicable }
    do throws(RenewalError) {
      let verified = try await Self.verify(chain: chain, roots: roots.withLock { $0 }, now: now)
      let (identity, last) = try Self.decide(
        verified,
        trustDomain: trustDomain,
        maximumAge: maximumAge,
        now: now
      )
      return .authenticated(
        Caller(
          identity: identity,
          method: .certificate,
          lastTokenAuthentication: last,
          credentialExpiry: verified.validity.notAfter,
          credentialHash: CredentialHash(of: leaf)
        )
      )
    } catch {
      return .refused(.renewal(error))
    }
  }

  /// The leaf of a chain that is valid at `now` and ends in one of the roots.
  static func verify(
    chain: [[UInt8]],
    roots: [MeshCertificate],
    now: Date
  ) async throws(RenewalError) -> MeshCertificate {
    guard chain.count <= maximumChainLength, chain.allSatisfy({ $0.count <= maximumCertificateLength }) else {
      throw .chainTooLong
    }
    var certificates: [MeshCertificate] = []
    for bytes in chain {
      do {
        certificates.append(try MeshCertificate(derBytes: bytes))
      } catch {
        throw .malformed(error)
      }
    }
    guard let leaf = certificates.first else { throw .chainTooLong }
    var verifier = Verifier(rootCertificates: CertificateStore(roots.map(\.x509))) {
      RFC5280Policy(fixedExpiryValidationTime: now)
      SVIDPolicy()
    }
    let intermediates = CertificateStore(certificates.dropFirst().signers)
    switch await verifier.validate(leaf: leaf.x509, intermediates: intermediates) {
    case .validCertificate: return leaf
    case .couldNotValidate(let failures):
      throw .untrusted(failures.first.map { "\(Excerpt("\($0.policyFailureReason)"))" } ?? "no root of ours above it")
    }
  }

  /// Whether a verified leaf renews itself, and as whom: a pure decision.
  package static func decide(
    _ leaf: MeshCertificate,
    trustDomain: TrustDomain,
    maximumAge: Duration,
    now: Date
  ) throws(RenewalError) -> (identity: WorkloadIdentity, lastTokenAuthentication: Date) {
    guard leaf.isValid(at: now), !leaf.isAuthority else { throw .untrusted("it is expired, or an authority") }
    guard let id = leaf.spiffeID, let identity = try? WorkloadIdentity(id) else { throw .noIdentity }
    guard identity.trustDomain == trustDomain else { throw .foreignTrustDomain(identity.trustDomain) }
    guard let value = leaf.x509.extensions[oid: LastAuthentication.extensionID]?.value,
      let last = LastAuthentication(extensionValue: value)
    else { throw .noLastAuthentication }
    guard last.moment <= now + leeway else { throw .authenticatedInFuture }
    guard now < last.moment + maximumAge.wholeSeconds else { throw .tooLongAgo(last.moment, limit: maximumAge) }
    return (identity, last.moment)
  }
}
