import SwiftASN1
import X509

/// The gate: what was signed is read again, by swift-certificates' own reader, and compared with its template.
struct ReleaseCheck {
  let template: CertificateTemplate

  init(_ template: CertificateTemplate) { self.template = template }

  /// Signs, reads, compares. An authority's signature is verified too; a leaf's would double its cost.
  func release(
    signedBy key: any SigningKey,
    verifier: any SignatureVerifier
  ) throws(IssuanceError) -> MeshCertificate {
    let certificate: MeshCertificate
    do {
      certificate = try MeshCertificate(derBytes: try template.signed(by: key))
      try compare(certificate)
      if template.profile.isAuthority { try verify(certificate, by: key.publicKey, verifier) }
    } catch let error as IssuanceError {
      throw error
    } catch let error as KeyError {
      throw .keyFailed(error)
    } catch {
      throw .notEncoded("\(error)")
    }
    return certificate
  }

  func compare(_ certificate: MeshCertificate) throws {
    let (x509, profile) = (certificate.x509, template.profile)
    try require(x509.version == .v3, "version")
    try require(certificate.serialNumber == template.serialNumber, "serial number")
    try require(x509.signatureAlgorithm == template.signatureAlgorithm.x509, "signature algorithm")
    try require(x509.issuer == template.issuer.name, "issuer")
    try require(x509.subject == profile.subject(template.serialNumber), "subject")
    try require(certificate.validity == template.validity, "validity")
    try require(certificate.publicKey == template.publicKey, "public key")
    try compareExtensions(certificate)
  }

  /// Exactly the extensions of the profile, each with its criticality and meaning.
  private func compareExtensions(_ certificate: MeshCertificate) throws {
    let (extensions, profile) = (certificate.x509.extensions, template.profile)
    let usages = profile.extendedKeyUsages
    try require(certificate.basicConstraints == profile.basicConstraints, "basicConstraints")
    try require(certificate.keyUsage == profile.keyUsage, "keyUsage")
    try require((certificate.extendedKeyUsage.map(Array.init) ?? []) == usages, "extendedKeyUsage")
    try require(certificate.subjectKeyIdentifier == template.subjectKeyIdentifier, "subjectKeyIdentifier")
    try require(certificate.authorityKeyIdentifier == template.authorityKeyIdentifier, "authorityKeyIdentifier")
    try require(certificate.uris == profile.uris, "URI")
    try require(certificate.dnsNames == profile.dnsNames, "DNS names")
    try require(certificate.ipAddresses == profile.ipAddresses, "IP addresses")
    let names = profile.uris.count + profile.dnsNames.count + profile.ipAddresses.count
    try require(certificate.nameCount == names, "subjectAltName")
    let critical = extensions.lazy.filter(\.critical).map(\.oid)
    let wanted: [ASN1ObjectIdentifier] =
      [.X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage]
      + (profile.hasCriticalNames ? [.X509ExtensionID.subjectAlternativeName] : [])
    try require(critical.elementsEqual(wanted), "critical extensions")
    if let ordered = template.privateExtension {
      try require(extensions[oid: ordered.id].map { Array($0.value) } == ordered.value, "private extension")
    }
    let count = (usages.isEmpty ? 5 : 6) + (template.privateExtension == nil ? 0 : 1)
    try require(extensions.count == count, "number of extensions")
  }

  private func verify(
    _ certificate: MeshCertificate,
    by key: PublicKey,
    _ verifier: any SignatureVerifier
  ) throws {
    let isValid = try verifier.isValid(
      certificate.x509.signature.rawRepresentation,
      algorithm: template.signatureAlgorithm,
      over: certificate.x509.tbsCertificateBytes,
      by: key
    )
    try require(isValid, "signature")
  }

  private func require(_ holds: Bool, _ field: String) throws(IssuanceError) {
    guard holds else { throw .notAsOrdered(field: field) }
  }
}
