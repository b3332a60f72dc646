import SwiftASN1
import X509

/// What an X509-SVID has to be to authenticate a client (X509-SVID, section 5.2), beyond what RFC 5280 asks of its chain.
struct SVIDPolicy: VerifierPolicy {
  let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
    .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
  ]

  mutating func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
    let extensions = chain.leaf.extensions
    guard case .notCertificateAuthority? = try? extensions.basicConstraints ?? .notCertificateAuthority else {
      return .failsToMeetPolicy(reason: "the leaf is an authority")
    }
    guard let usage = try? extensions.keyUsage, usage.digitalSignature, !usage.keyCertSign, !usage.cRLSign else {
      return .failsToMeetPolicy(reason: "the leaf's key usage is not that of an SVID")
    }
    guard let extended = try? extensions.extendedKeyUsage, extended.contains(.clientAuth) else {
      return .failsToMeetPolicy(reason: "the leaf is not meant for clients")
    }
    for issuer in chain.dropFirst() {
      // Where key usage is missing, it is not restricted (RFC 5280, section 4.2.1.3); home-made roots often lack it.
      guard let usage = try? issuer.extensions.keyUsage ?? KeyUsage(keyCertSign: true), usage.keyCertSign else {
        return .failsToMeetPolicy(reason: "an issuer may not sign certificates")
      }
    }
    return .meetsPolicy
  }
}
