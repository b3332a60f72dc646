import CertificateAuthority
import FoundationEssentials
import KubernetesObjects
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// Whether the API server would trust what a webhook shows.
enum ServingChain {
  enum Problem: Equatable {
    case untrusted(String)
    /// All is well but that the certificate is for others.
    case otherName
  }

  /// - Returns: what is wrong; nil for a chain that leads to one of the roots and is for that host.
  static func problem(
    _ chain: [MeshCertificate],
    roots: [MeshCertificate],
    host: String,
    now: Date
  ) async -> Problem? {
    guard let leaf = chain.first else { return .untrusted("it shows no certificate") }
    let store = CertificateStore(roots.map(\.x509))
    let intermediates = CertificateStore(chain.dropFirst().prefix(TrustBundle.maximumChain).signers)
    var verifier = Verifier(rootCertificates: store) {
      RFC5280Policy(fixedExpiryValidationTime: now)
      KnownExtensions()
    }
    if case .couldNotValidate(let failures) = await verifier.validate(leaf: leaf.x509, intermediates: intermediates) {
      return .untrusted(
        failures.first.map { "\($0.policyFailureReason)" } ?? "no chain leads from it to a root of the caBundle"
      )
    }
    let isAddress = IPAddress(host) != nil
    var named = Verifier(rootCertificates: store) {
      RFC5280Policy(fixedExpiryValidationTime: now)
      ServerIdentityPolicy(serverHostname: isAddress ? nil : host, serverIP: isAddress ? host : nil)
      KnownExtensions()
    }
    if case .validCertificate = await named.validate(leaf: leaf.x509, intermediates: intermediates) { return nil }
    return .otherName
  }
}

/// Critical extensions that certificates of servers have.
private struct KnownExtensions: VerifierPolicy {
  let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
    .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
  ]

  func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult { .meetsPolicy }
}
