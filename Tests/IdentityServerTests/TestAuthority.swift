import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// A CA in PEM, for TLS on both sides.
struct TestAuthority {
  struct Issued {
    var certificate: String
    var key: String
  }

  private let key = P256.Signing.PrivateKey()
  private let root: Certificate
  let certificate: String

  init() throws {
    let name = try DistinguishedName { CommonName("Test CA") }
    root = try Self.make(subject: name, key: key, issuer: name, issuerKey: key) {
      Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
      Critical(KeyUsage(keyCertSign: true))
    }
    certificate = try root.serializeAsPEM().pemString
  }

  func issue(_ name: String, dnsName: String) throws -> Issued {
    let leafKey = P256.Signing.PrivateKey()
    let subject = try DistinguishedName { CommonName(name) }
    let leaf = try Self.make(subject: subject, key: leafKey, issuer: root.subject, issuerKey: key) {
      Critical(BasicConstraints.notCertificateAuthority)
      Critical(KeyUsage(digitalSignature: true))
      try ExtendedKeyUsage([.serverAuth, .clientAuth])
      SubjectAlternativeNames([.dnsName(dnsName)])
    }
    return Issued(certificate: try leaf.serializeAsPEM().pemString, key: leafKey.pemRepresentation)
  }

  private static func make(
    subject: DistinguishedName,
    key: P256.Signing.PrivateKey,
    issuer: DistinguishedName,
    issuerKey: P256.Signing.PrivateKey,
    @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
  ) throws -> Certificate {
    try Certificate(
      version: .v3,
      serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(key.publicKey),
      notValidBefore: Date.now - 60,
      notValidAfter: Date.now + 3600,
      issuer: issuer,
      subject: subject,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: extensions().get(),
      issuerPrivateKey: Certificate.PrivateKey(issuerKey)
    )
  }
}
