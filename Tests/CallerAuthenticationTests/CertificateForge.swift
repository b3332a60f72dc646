import CallerAuthentication
import CertificateAuthority
import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// Issues SVIDs as the mesh would, and as it never would.
struct CertificateForge {
  let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
  let name: DistinguishedName
  let root: MeshCertificate

  init(_ commonName: String = "root", keyUsage: KeyUsage? = KeyUsage(keyCertSign: true)) throws {
    name = try DistinguishedName { CommonName(commonName) }
    root = try Self.certificate(
      subject: name,
      publicKey: key.publicKey,
      issuer: name,
      issuerKey: key,
      life: -86_400...864_000,
      extensions: [
        try Certificate.Extension(BasicConstraints.isCertificateAuthority(maxPathLength: nil), critical: true)
      ] + (keyUsage.map { [try Certificate.Extension($0, critical: true)] } ?? [])
    )
  }

  /// What a leaf is; all of it right at first.
  struct Leaf {
    var uris = ["spiffe://cluster.local/ns/shop/sa/cart"]
    var lastTokenAuthentication: [UInt8]? = LastAuthentication(Claims.now - 3600).extensionValue
    /// Seconds from ``Claims/now``.
    var life = -1800...1800
    var constraints = BasicConstraints.notCertificateAuthority
    var keyUsage: KeyUsage? = KeyUsage(digitalSignature: true)
    var extendedKeyUsage: [ExtendedKeyUsage.Usage]? = [.serverAuth, .clientAuth]
    var others: [Certificate.Extension] = []
  }

  func leaf(lastTokenAuthentication: Date) throws -> [UInt8] {
    try leaf(Leaf(lastTokenAuthentication: LastAuthentication(lastTokenAuthentication).extensionValue))
  }

  func leaf(_ leaf: Leaf = Leaf()) throws -> [UInt8] {
    var extensions = [
      try Certificate.Extension(leaf.constraints, critical: true),
      try Certificate.Extension(
        SubjectAlternativeNames(leaf.uris.map { .uniformResourceIdentifier($0) }),
        critical: true
      ),
    ]
    if let usage = leaf.keyUsage { extensions.append(try Certificate.Extension(usage, critical: true)) }
    if let usages = leaf.extendedKeyUsage {
      extensions.append(try Certificate.Extension(ExtendedKeyUsage(usages), critical: false))
    }
    if let value = leaf.lastTokenAuthentication {
      extensions.append(Certificate.Extension(oid: LastAuthentication.extensionID, critical: false, value: value[...]))
    }
    return try Self.certificate(
      subject: DistinguishedName(),
      publicKey: Certificate.PrivateKey(P256.Signing.PrivateKey()).publicKey,
      issuer: name,
      issuerKey: key,
      life: leaf.life,
      extensions: extensions + leaf.others
    ).derBytes
  }

  /// An authority below this one, with its certificate by this one.
  func intermediate(_ commonName: String = "intermediate") throws -> (forge: CertificateForge, certificate: [UInt8]) {
    let below = try CertificateForge(commonName)
    let certificate = try Self.certificate(
      subject: below.name,
      publicKey: below.key.publicKey,
      issuer: name,
      issuerKey: key,
      life: -86_400...86_400,
      extensions: [
        try Certificate.Extension(BasicConstraints.isCertificateAuthority(maxPathLength: 0), critical: true),
        try Certificate.Extension(KeyUsage(keyCertSign: true), critical: true),
      ]
    )
    return (below, certificate.derBytes)
  }

  private static func certificate(
    subject: DistinguishedName,
    publicKey: Certificate.PublicKey,
    issuer: DistinguishedName,
    issuerKey: Certificate.PrivateKey,
    life: ClosedRange<Int>,
    extensions: [Certificate.Extension]
  ) throws -> MeshCertificate {
    let certificate = try Certificate(
      version: .v3,
      // The library's own choice may have a bit too many for RFC 5280, section 4.1.2.2.
      serialNumber: Certificate.SerialNumber(bytes: [1] + (0..<15).map { _ in UInt8.random(in: 0...255) }),
      publicKey: publicKey,
      notValidBefore: Claims.now + TimeInterval(life.lowerBound),
      notValidAfter: Claims.now + TimeInterval(life.upperBound),
      issuer: issuer,
      subject: subject,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions(extensions),
      issuerPrivateKey: issuerKey
    )
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return try MeshCertificate(derBytes: serializer.serializedBytes)
  }
}
