package import FoundationEssentials
import SPIFFE
import X509

/// What a person should know of a chain of certificates, judged as X.509-SVIDs: all of it, not only the first fault.
package struct CertificateFindings: Sendable, Equatable {
  package enum Severity: Sendable, Equatable {
    /// Peers refuse it.
    case fault
    /// It works, and may not be what is wanted.
    case remark
  }

  package struct Finding: Sendable, Equatable {
    package let severity: Severity
    package let text: String
  }

  /// For each certificate of the chain.
  package let certificates: [[Finding]]
  /// Of the chain as a whole.
  package let chain: [Finding]

  package var isFaultless: Bool {
    (certificates.joined() + chain).allSatisfy { $0.severity != .fault }
  }

  /// - Parameters:
  ///   - chain: the leaf first; at most ``TrustBundle/maximumChain`` are verified.
  ///   - bundle: what to trust; nil when nothing is known of that.
  package static func of(
    _ chain: [MeshCertificate],
    bundle: TrustBundle?,
    now: Date
  ) async -> CertificateFindings {
    var findings = chain.enumerated().map { index, certificate in
      Self.validity(of: certificate, now: now) + (index > 0 ? Self.authority(certificate) : [])
    }
    if let first = chain.first {
      findings[0] +=
        first.isAuthority ? [remark("it is an authority; no workload can use it as its identity")] : leaf(first)
    }
    return CertificateFindings(certificates: findings, chain: await Self.links(chain, bundle: bundle, now: now))
  }

  private static func validity(of certificate: MeshCertificate, now: Date) -> [Finding] {
    let period = certificate.validity
    if now > period.notAfter {
      return [fault("it has expired; whoever renews it has stopped: look at the renewing process first")]
    }
    if now < period.notBefore {
      return [fault("it is not valid yet; compare the clocks of this machine and of the issuer")]
    }
    let life = period.notAfter.timeIntervalSince(period.notBefore)
    let left = period.notAfter.timeIntervalSince(now)
    var findings: [Finding] = []
    if left < life / 10 { findings.append(remark("less than a tenth of its life is left")) }
    if !certificate.isAuthority, life > 25 * 3600 {
      findings.append(remark("it lives longer than a day, and so would a stolen copy"))
    }
    return findings
  }

  private static func authority(_ certificate: MeshCertificate) -> [Finding] {
    guard certificate.isAuthority else {
      return [fault("it stands behind a leaf and is no authority; send only the chain of one leaf")]
    }
    var findings: [Finding] = []
    if certificate.keyUsage?.keyCertSign != true { findings.append(fault("its keyUsage does not allow it to sign")) }
    if certificate.isSelfIssued {
      findings.append(remark("it is a root, which peers have already; a chain goes without"))
    }
    if certificate.uris.isEmpty { findings.append(remark("it names no trust domain (spiffe://… in subjectAltName)")) }
    return findings
  }

  /// What the standard wants of a leaf, each point for itself (X509-SVID, sections 2, 4 and 5.2).
  private static func leaf(_ leaf: MeshCertificate) -> [Finding] {
    var findings: [Finding] = []
    switch leaf.uris.count {
    case 1:
      do {
        let id = try SPIFFEID(leaf.uris[0])
        if id.path.isEmpty { findings.append(fault("\(VerificationError.noPath)")) }
      } catch {
        findings.append(fault("\(VerificationError.badID(error))"))
      }
    default: findings.append(fault("\(VerificationError.notOneURI(leaf.uris.count))"))
    }
    if let usage = leaf.keyUsage {
      if !usage.digitalSignature || usage.keyCertSign || usage.cRLSign {
        findings.append(fault("\(VerificationError.badKeyUsage)"))
      }
    } else {
      findings.append(fault("it has no keyUsage, which an X.509-SVID must have"))
    }
    if let usages = leaf.extendedKeyUsage {
      if !usages.contains(.serverAuth) || !usages.contains(.clientAuth) {
        findings.append(fault("\(VerificationError.badExtendedKeyUsage)"))
      }
    } else {
      findings.append(remark("it has no extendedKeyUsage; some peers want serverAuth and clientAuth"))
    }
    return findings
  }

  private static func links(_ chain: [MeshCertificate], bundle: TrustBundle?, now: Date) async -> [Finding] {
    var findings: [Finding] = []
    for (below, above) in zip(chain, chain.dropFirst()) where below.x509.issuer != above.x509.subject {
      findings.append(
        fault("\(above.x509.subject) stands behind a certificate of \(below.x509.issuer); put each one's signer next")
      )
    }
    guard let bundle, let leaf = chain.first, !leaf.isAuthority else { return findings }
    do {
      _ = try await bundle.verify(chain, at: now)
    } catch {
      findings.append(fault("against the trust bundle: \(error)"))
    }
    return findings
  }

  private static func fault(_ text: String) -> Finding { Finding(severity: .fault, text: text) }
  private static func remark(_ text: String) -> Finding { Finding(severity: .remark, text: text) }
}
