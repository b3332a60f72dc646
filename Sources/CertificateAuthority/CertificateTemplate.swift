import SwiftASN1
import X509

/// Everything that a certificate will say, decided before anything is signed.
struct CertificateTemplate {
  let profile: CertificateProfile
  let serialNumber: SerialNumber
  let validity: ValidityPeriod
  let publicKey: PublicKey
  let subjectKeyIdentifier: [UInt8]
  let issuer: DistinguishedName
  let authorityKeyIdentifier: [UInt8]
  let signatureAlgorithm: SignatureAlgorithm

  /// Critical where the subject is empty (RFC 5280, section 4.2.1.6).
  var hasCriticalNames: Bool { !profile.isAuthority }

  /// The extensions in the order in which they are written.
  func extensions() throws -> [Certificate.Extension] {
    let names =
      profile.uris.map(GeneralName.uniformResourceIdentifier) + profile.dnsNames.map(GeneralName.dnsName)
    var extensions = [
      try Certificate.Extension(profile.basicConstraints, critical: true),
      try Certificate.Extension(profile.keyUsage, critical: true),
    ]
    let usages = profile.extendedKeyUsages
    if !usages.isEmpty { extensions.append(try Certificate.Extension(ExtendedKeyUsage(usages), critical: false)) }
    extensions += try [
      Certificate.Extension(SubjectKeyIdentifier(keyIdentifier: subjectKeyIdentifier[...]), critical: false),
      Certificate.Extension(AuthorityKeyIdentifier(keyIdentifier: authorityKeyIdentifier[...]), critical: false),
      Certificate.Extension(SubjectAlternativeNames(names), critical: hasCriticalNames),
    ]
    return extensions
  }

  /// DER of the TBSCertificate (RFC 5280, section 4.1).
  func toBeSigned() throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.appendConstructedNode(identifier: .sequence) { fields in
      try fields.serialize(2, explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific)
      try fields.serialize(serialNumber.bytes[...])
      try signatureAlgorithm.serialize(into: &fields)
      try fields.serialize(issuer)
      try fields.appendConstructedNode(identifier: .sequence) { period in
        try period.serializeTime(validity.notBefore)
        try period.serializeTime(validity.notAfter)
      }
      try fields.serialize(profile.subject(serialNumber))
      fields.serializeRawBytes(publicKey.derBytes)
      let extensions = try extensions()
      try fields.serialize(explicitlyTaggedWithTagNumber: 3, tagClass: .contextSpecific) { list in
        try list.serializeSequenceOf(extensions)
      }
    }
    return serializer.serializedBytes
  }

  /// Signs, and joins both into DER of the certificate.
  func signed(by key: any SigningKey) throws -> [UInt8] {
    let toBeSigned = try toBeSigned()
    let signature = try key.sign(toBeSigned)
    var serializer = DER.Serializer()
    try serializer.appendConstructedNode(identifier: .sequence) { parts in
      parts.serializeRawBytes(toBeSigned)
      try signatureAlgorithm.serialize(into: &parts)
      try parts.serialize(ASN1BitString(bytes: signature[...]))
    }
    return serializer.serializedBytes
  }
}
