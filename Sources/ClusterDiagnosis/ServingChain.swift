import CertificateAuthority
import FoundationEssentials
import KubernetesObjects
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// Whether the API server would trust what a webhook shows.
enum ServingChain {
  /// - Returns: what is wrong; nil for a chain that leads to one of the roots and is for that host.
  static func problem(
    _ chain: [MeshCertificate],
    roots: [MeshCertificate],
    host: String,
    now: Date
  ) async -> String? {
    guard let leaf = chain.first else { return "it shows no certificate" }
    let isAddress = IPAddress(host) != nil
    var verifier = Verifier(rootCertificates: CertificateStore(roots.map(\.x509))) {
      RFC5280Policy(fixedExpiryValidationTime: now)
      ServerIdentityPolicy(serverHostname: isAddress ? nil : host, serverIP: isAddress ? host : nil)
      KnownExtensions()
    }
    let intermediates = CertificateStore(chain.dropFirst().prefix(TrustBundle.maximumChain).signers)
    switch await verifier.validate(leaf: leaf.x509, intermediates: intermediates) {
    case .validCertificate: return nil
    case .couldNotValidate(let failures):
      return failures.first.map { "\($0.policyFailureReason)" } ?? "no chain leads from it to a root of the caBundle"
    }
  }
}

/// Critical extensions that certificates of servers have.
private struct KnownExtensions: VerifierPolicy {
  let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
    .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
  ]

  func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult { .meetsPolicy }
}
