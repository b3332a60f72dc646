package import CertificateAuthority
import Crypto
package import FoundationEssentials
import SPIFFE
import SwiftASN1
import X509

/// An authority made for a test, by another library than the one that makes them in the product.
package struct MadeAuthority: Sendable {
  package let certificate: MeshCertificate
  package let keyPEM: SecretBytes
  fileprivate let key: Certificate.PrivateKey

  package var pem: String { certificate.pem }
  package var keyText: String { keyPEM.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

  package func root() throws -> RootCertificate { try RootCertificate(certificate) }
}

/// Makes roots and intermediates with P-256 keys.
package struct CertificateMaker: Sendable {
  package var notBefore: Date
  package var notAfter: Date
  package var isAuthority = true
  package var pathLength: Int?

  package init(notBefore: Date, days: Double = 3_650) {
    self.notBefore = notBefore
    notAfter = notBefore.addingTimeInterval(days * 86_400)
  }

  package func root(_ name: String = "root") throws -> MadeAuthority { try make(name, issuer: nil, key: nil) }

  /// A root anew, with the key of an old one.
  package func root(_ name: String, withKeyOf other: MadeAuthority) throws -> MadeAuthority {
    try make(name, issuer: nil, key: other)
  }

  package func intermediate(_ name: String = "intermediate", under issuer: MadeAuthority) throws -> MadeAuthority {
    try make(name, issuer: issuer, key: nil)
  }

  private func make(_ name: String, issuer: MadeAuthority?, key other: MadeAuthority?) throws -> MadeAuthority {
    let made = P256.Signing.PrivateKey()
    let key = other?.key ?? Certificate.PrivateKey(made)
    let subject = try DistinguishedName { OrganizationName(name) }
    let authorityLength = pathLength
    let isAuthority = isAuthority
    let certificate = try Certificate(
      version: .v3,
      serialNumber: Certificate.SerialNumber(bytes: [1] + (0..<8).map { _ in UInt8.random(in: 0...255) }),
      publicKey: key.publicKey,
      notValidBefore: notBefore,
      notValidAfter: notAfter,
      issuer: issuer?.certificate.x509.subject ?? subject,
      subject: subject,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        if isAuthority {
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: authorityLength))
        } else {
          Critical(BasicConstraints.notCertificateAuthority)
        }
        Critical(KeyUsage(digitalSignature: !isAuthority, keyCertSign: isAuthority, cRLSign: isAuthority))
        SubjectKeyIdentifier(hash: key.publicKey)
      },
      issuerPrivateKey: issuer?.key ?? key
    )
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return MadeAuthority(
      certificate: try MeshCertificate(derBytes: serializer.serializedBytes),
      keyPEM: other?.keyPEM ?? SecretBytes(made.pemRepresentation + "\n"),
      key: key
    )
  }
}
