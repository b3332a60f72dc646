package import FoundationEssentials
package import SPIFFE
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

extension TrustBundle {
  /// Verifies that an X.509-SVID chains to this bundle at `now`, and returns whose it is.
  ///
  /// The path by RFC 5280 as swift-certificates builds it; on top of it what X509-SVID, section 5, wants of a leaf and of
  /// those who sign.
  ///
  /// - Parameters:
  ///   - chain: the leaf first, then its intermediates in any order; at most ten.
  package func verify(_ chain: [MeshCertificate], at now: Date) async throws(VerificationError) -> SPIFFEID {
    guard let leaf = chain.first else { throw .noCertificate }
    guard chain.count <= 10 else { throw .chainTooLong }
    let id = try leaf.checkedSVID(of: trustDomain)
    guard !contains(leaf) else { throw .leafIsAuthority }
    var verifier = Verifier(rootCertificates: CertificateStore(authorities.map(\.x509))) {
      RFC5280Policy(fixedExpiryValidationTime: now)
      SVIDPolicy()
    }
    let intermediates = CertificateStore(chain.dropFirst().map(\.x509))
    switch await verifier.validate(leaf: leaf.x509, intermediates: intermediates) {
    case .validCertificate: return id
    case .couldNotValidate(let failures):
      throw .untrusted(failures.first.map { "\($0.policyFailureReason)" } ?? "no chain leads to the trust bundle")
    }
  }
}

/// Key usage along the chain, which the policy for RFC 5280 leaves out.
private struct SVIDPolicy: VerifierPolicy {
  let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
    .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.subjectAlternativeName,
  ]

  func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
    for authority in chain.dropFirst() {
      guard (try? authority.extensions.keyUsage)?.keyCertSign == true else {
        return .failsToMeetPolicy(reason: "a signer in the chain lacks keyCertSign in its keyUsage")
      }
    }
    return .meetsPolicy
  }
}
