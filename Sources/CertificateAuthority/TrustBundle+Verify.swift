package import FoundationEssentials
package import SPIFFE
import SwiftASN1
@_spi(FixedExpiryValidationTime) package import X509

extension TrustBundle {
  /// Certificates of a chain: a leaf, four intermediates.
  package static let maximumChain = 5

  /// Verifies that an X.509-SVID chains to this bundle at `now`, and returns whose it is.
  ///
  /// The path by RFC 5280 as swift-certificates builds it; on top of it what X509-SVID, section 5, wants of a leaf and of
  /// those who sign.
  ///
  /// - Parameters:
  ///   - chain: the leaf first, then its intermediates in any order; at most ``maximumChain``.
  package func verify(_ chain: [MeshCertificate], at now: Date) async throws(VerificationError) -> SPIFFEID {
    guard let leaf = chain.first else { throw .noCertificate }
    guard chain.count <= Self.maximumChain else { throw .chainTooLong }
    let id = try leaf.checkedSVID(of: trustDomain)
    guard !contains(leaf) else { throw .leafIsAuthority }
    var verifier = Verifier(rootCertificates: CertificateStore(authorities.map(\.x509))) {
      RFC5280Policy(fixedExpiryValidationTime: now)
      SVIDPolicy()
    }
    let intermediates = CertificateStore(chain.dropFirst().signers)
    switch await verifier.validate(leaf: leaf.x509, intermediates: intermediates) {
    case .validCertificate: return id
    case .couldNotValidate(let failures):
      throw .untrusted(failures.first.map { "\($0.policyFailureReason)" } ?? "no chain leads to the trust bundle")
    }
  }
}

extension Sequence<MeshCertificate> {
  /// One certificate for each subject and key.
  ///
  /// A path is searched for depth first, and a key that comes again under another alternative name counts as another
  /// authority: some self-made certificates that sign each other would be tried in all their orders, a check of a
  /// signature each, before anyone has shown who it is.
  package var signers: [Certificate] {
    var seen: [DistinguishedName: Set<[UInt8]>] = [:]
    return filter { seen[$0.x509.subject, default: []].insert($0.publicKey.derBytes).inserted }.map(\.x509)
  }
}

/// Key usage along the chain, which the policy for RFC 5280 leaves out.
private struct SVIDPolicy: VerifierPolicy {
  let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
    .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.subjectAlternativeName,
  ]

  func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
    for authority in chain.dropFirst() {
      // Where key usage is missing, it is not restricted (RFC 5280, section 4.2.1.3); home-made roots often lack it.
      guard let usage = try? authority.extensions.keyUsage ?? KeyUsage(keyCertSign: true), usage.keyCertSign else {
        return .failsToMeetPolicy(reason: "a signer in the chain lacks keyCertSign in its keyUsage")
      }
    }
    return .meetsPolicy
  }
}
