import SwiftASN1
import X509

/// Everything that a certificate will say, decided before anything is signed.
struct CertificateTemplate {
  let profile: CertificateProfile
  let serialNumber: SerialNumber
  let validity: ValidityPeriod
  let publicKey: PublicKey
  let subjectKeyIdentifier: [UInt8]
  let issuer: IssuerName
  let authorityKeyIdentifier: [UInt8]
  let signatureAlgorithm: SignatureAlgorithm
  var privateExtension: PrivateExtension? = nil

  /// DER of the TBSCertificate (RFC 5280, section 4.1).
  func toBeSigned() throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.appendConstructedNode(identifier: .sequence) { fields in
      // version [0] EXPLICIT INTEGER, v3
      fields.serializeRawBytes([0xA0, 3, 2, 1, 2])
      try fields.serialize(serialNumber.bytes[...])
      try signatureAlgorithm.serialize(into: &fields)
      fields.serializeRawBytes(issuer.derBytes)
      try fields.appendConstructedNode(identifier: .sequence) { period in
        try period.serializeTime(validity.notBefore)
        try period.serializeTime(validity.notAfter)
      }
      try fields.serialize(profile.subject(serialNumber))
      fields.serializeRawBytes(publicKey.derBytes)
      try fields.serialize(explicitlyTaggedWithTagNumber: 3, tagClass: .contextSpecific) { tagged in
        try tagged.appendConstructedNode(identifier: .sequence) { try extensions.serialize(into: &$0) }
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

  private var extensions: CertificateExtensions {
    CertificateExtensions(
      profile: profile,
      subjectKeyIdentifier: subjectKeyIdentifier,
      authorityKeyIdentifier: authorityKeyIdentifier,
      privateExtension: privateExtension
    )
  }
}

/// A signer's subject, with its DER, which every certificate below repeats.
struct IssuerName: Hashable {
  let name: DistinguishedName
  let derBytes: [UInt8]

  init(_ name: DistinguishedName) throws {
    var serializer = DER.Serializer()
    try serializer.serialize(name)
    self.name = name
    derBytes = serializer.serializedBytes
  }
}
