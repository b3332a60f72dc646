package import FoundationEssentials
import KubernetesObjects
package import SPIFFE
import X509

extension Issuer {
  /// Issues a certificate, reads it again and checks every field before it is released.
  ///
  /// - Parameters:
  ///   - profile: what it is for, and for whom: decided by whoever authenticated and authorised the caller.
  ///   - key: the public key, its possession proven.
  ///   - privateExtension: what a leaf says besides.
  ///   - lifetime: what was asked for; nil for the policy's standard.
  package func issue(
    _ profile: CertificateProfile,
    for key: ProvenKey,
    privateExtension: PrivateExtension? = nil,
    lifetime: Duration?,
    policy: LifetimePolicy,
    now: Date,
    serialNumber: SerialNumber
  ) throws(IssuanceError) -> ReleasedCertificate {
    try check(profile)
    let (period, limit) = try policy.period(requested: lifetime, now: now, signer: validity)
    let template = CertificateTemplate(
      profile: profile,
      serialNumber: serialNumber,
      validity: period,
      publicKey: key.publicKey,
      subjectKeyIdentifier: try Self.keyIdentifier(of: key.publicKey, by: cryptography),
      issuer: name,
      authorityKeyIdentifier: keyIdentifier,
      signatureAlgorithm: self.key.algorithm.signatureAlgorithm,
      privateExtension: privateExtension
    )
    let issued = try ReleaseCheck(template).release(signedBy: self.key, verifier: cryptography)
    return ReleasedCertificate(certificate: issued, intermediates: intermediates, limit: limit)
  }

  /// Makes a root that signs itself.
  ///
  /// - Parameter lifetime: from `now` on.
  package static func makeRoot(
    _ trustDomain: TrustDomain,
    key: any SigningKey,
    lifetime: Duration,
    now: Date,
    serialNumber: SerialNumber,
    cryptography: any SignatureVerifier & Digester
  ) throws(IssuanceError) -> MeshCertificate {
    let profile = CertificateProfile.root(trustDomain)
    let identifier = try keyIdentifier(of: key.publicKey, by: cryptography)
    do {
      let template = CertificateTemplate(
        profile: profile,
        serialNumber: serialNumber,
        validity: ValidityPeriod(
          notBefore: now - LifetimePolicy.clockSkew.wholeSeconds,
          notAfter: now + lifetime.wholeSeconds
        ),
        publicKey: key.publicKey,
        subjectKeyIdentifier: identifier,
        issuer: try IssuerName(profile.subject(serialNumber)),
        authorityKeyIdentifier: identifier,
        signatureAlgorithm: key.algorithm.signatureAlgorithm
      )
      return try ReleaseCheck(template).release(signedBy: key, verifier: cryptography)
    } catch let error as IssuanceError {
      throw error
    } catch {
      throw .notEncoded("\(error)")
    }
  }

  private func check(_ profile: CertificateProfile) throws(IssuanceError) {
    if let trustDomain = profile.trustDomain, let own = certificate.spiffeID?.trustDomain, own != trustDomain {
      throw .foreignTrustDomain(trustDomain)
    }
    switch profile {
    case .workload: break
    case .serving(let names, let addresses, let identity):
      guard !names.isEmpty || !addresses.isEmpty || identity != nil else { throw .noNames }
      // An address is no host name, though it is spelled like one.
      for name in names where !HostName.isHostName(name.utf8[...]) || IPAddress(name) != nil { throw .badName(name) }
    case .intermediate:
      if let length = certificate.pathLength, length < 1 { throw .authorityTooDeep }
    case .root: throw .authorityTooDeep
    }
  }

  private static func keyIdentifier(
    of key: PublicKey,
    by digester: any Digester
  ) throws(IssuanceError) -> [UInt8] {
    do {
      return try KeyIdentifier.make(key, by: digester)
    } catch {
      throw .keyFailed(error)
    }
  }
}
