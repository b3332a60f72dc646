package import FoundationEssentials
package import SPIFFE
import SwiftASN1
package import X509

/// A certificate that was read: its DER and the fields that the mesh judges by.
///
/// Reading checks structure and the kind of the key; it trusts nothing yet.
package struct MeshCertificate: Sendable {
  package let derBytes: [UInt8]
  package let x509: Certificate
  package let serialNumber: SerialNumber
  package let validity: ValidityPeriod
  package let publicKey: PublicKey
  package let subjectKeyIdentifier: [UInt8]?
  package let authorityKeyIdentifier: [UInt8]?
  /// basicConstraints say that this is a certificate authority.
  package let isAuthority: Bool
  /// How many further authorities may follow below; nil where nothing limits them or this is none.
  package let pathLength: Int?
  package let keyUsage: KeyUsage?
  /// Every URI of the subjectAltName, as spelled.
  package let uris: [String]
  package let dnsNames: [String]

  package init(derBytes: [UInt8]) throws(CertificateError) {
    do {
      let certificate = try Certificate(derEncoded: derBytes)
      let extensions = certificate.extensions
      guard let serialNumber = SerialNumber(certificate.serialNumber.bytes) else {
        throw CertificateError.malformed("its serial number is zero or too long")
      }
      self.serialNumber = serialNumber
      validity = ValidityPeriod(notBefore: certificate.notValidBefore, notAfter: certificate.notValidAfter)
      publicKey = try PublicKey(certificate.publicKey)
      subjectKeyIdentifier = try extensions.subjectKeyIdentifier.map { Array($0.keyIdentifier) }
      authorityKeyIdentifier = try extensions.authorityKeyIdentifier?.keyIdentifier.map(Array.init)
      switch try extensions.basicConstraints {
      case .isCertificateAuthority(let length):
        isAuthority = true
        pathLength = length
      case .notCertificateAuthority, nil:
        isAuthority = false
        pathLength = nil
      }
      keyUsage = try extensions.keyUsage
      let names = try extensions.subjectAlternativeNames.map(Array.init) ?? []
      uris = names.compactMap { if case .uniformResourceIdentifier(let uri) = $0 { uri } else { nil } }
      dnsNames = names.compactMap { if case .dnsName(let name) = $0 { name } else { nil } }
      x509 = certificate
      self.derBytes = derBytes
    } catch let error as CertificateError {
      throw error
    } catch let error as PublicKeyError {
      throw .unsupportedKey(error)
    } catch {
      throw .malformed("\(error)")
    }
  }

  /// The one SPIFFE ID of the certificate; nil where there is no URI, more than one, or one that is no SPIFFE ID.
  package var spiffeID: SPIFFEID? {
    guard uris.count == 1, let uri = uris.first else { return nil }
    return try? SPIFFEID(uri)
  }

  /// Whether subject and issuer are the same, as in every root.
  package var isSelfIssued: Bool { x509.subject == x509.issuer }

  package func isValid(at moment: Date) -> Bool { validity.contains(moment) }
}

/// Two certificates are the same when their DER is.
extension MeshCertificate: Hashable {
  package static func == (one: MeshCertificate, other: MeshCertificate) -> Bool { one.derBytes == other.derBytes }

  package func hash(into hasher: inout Hasher) { hasher.combine(derBytes) }
}

extension MeshCertificate: CustomStringConvertible {
  package var description: String {
    let name = uris.first ?? dnsNames.first ?? "\(x509.subject)"
    return "certificate \(serialNumber) of \(name), \(validity)"
  }
}
