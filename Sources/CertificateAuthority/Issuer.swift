import FoundationEssentials
import X509

/// A signing key with its certificate and the chain above it: what turns requests into certificates.
package struct Issuer: Sendable {
  /// The certificate of the signing key.
  package let certificate: MeshCertificate
  /// What is sent after a leaf: the signer and what is above it, without a root.
  package let intermediates: [MeshCertificate]
  /// The period in which the whole chain is valid.
  package let validity: ValidityPeriod
  let key: any SigningKey
  let cryptography: any SignatureVerifier & Digester
  let name: IssuerName
  let keyIdentifier: [UInt8]

  /// - Parameters:
  ///   - chain: the signer's certificate, then each one's signer, with or without the root. Whether the chain ends in
  ///     the bundle is for the custodian to check.
  ///   - key: the private key of the first.
  package init(
    chain: [MeshCertificate],
    key: any SigningKey,
    cryptography: any SignatureVerifier & Digester
  ) throws(IssuerError) {
    guard let certificate = chain.first else { throw .noCertificate }
    for authority in chain {
      guard authority.isAuthority else { throw .notAnAuthority(authority.serialNumber) }
      guard authority.keyUsage?.keyCertSign == true else { throw .mayNotSign(authority.serialNumber) }
    }
    for (below, above) in zip(chain, chain.dropFirst()) where below.x509.issuer != above.x509.subject {
      throw .brokenChain(below.serialNumber)
    }
    guard let keyIdentifier = certificate.subjectKeyIdentifier else { throw .noKeyIdentifier(certificate.serialNumber) }
    guard key.publicKey == certificate.publicKey else { throw .keyDoesNotMatch }
    guard let name = try? IssuerName(certificate.x509.subject), !name.name.isEmpty else {
      throw .noSubject(certificate.serialNumber)
    }
    self.certificate = certificate
    self.name = name
    self.key = key
    self.cryptography = cryptography
    self.keyIdentifier = keyIdentifier
    intermediates = chain.filter { !$0.isSelfIssued }
    validity = chain.dropFirst().reduce(certificate.validity) { period, above in
      ValidityPeriod(
        notBefore: max(period.notBefore, above.validity.notBefore),
        notAfter: min(period.notAfter, above.validity.notAfter)
      )
    }
  }
}
