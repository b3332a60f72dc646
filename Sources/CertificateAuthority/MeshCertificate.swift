package import FoundationEssentials
package import KubernetesObjects
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
  package let basicConstraints: BasicConstraints?
  package let keyUsage: KeyUsage?
  package let extendedKeyUsage: ExtendedKeyUsage?
  /// Every URI of the subjectAltName, as spelled.
  package let uris: [String]
  package let dnsNames: [String]
  package let ipAddresses: [IPAddress]
  /// How many names of any kind the subjectAltName has.
  package let nameCount: Int

  package init(derBytes: [UInt8]) throws(CertificateError) {
    do {
      let node = try DER.parse(derBytes)
      let certificate = try Certificate(derEncoded: node)
      let extensions = certificate.extensions
      guard let serialNumber = SerialNumber(certificate.serialNumber.bytes) else {
        throw CertificateError.malformed("its serial number is zero or too long")
      }
      self.serialNumber = serialNumber
      validity = ValidityPeriod(notBefore: certificate.notValidBefore, notAfter: certificate.notValidAfter)
      publicKey = try PublicKey(node: Self.publicKeyInfo(node))
      subjectKeyIdentifier = try extensions.subjectKeyIdentifier.map { Array($0.keyIdentifier) }
      authorityKeyIdentifier = try extensions.authorityKeyIdentifier?.keyIdentifier.map(Array.init)
      basicConstraints = try extensions.basicConstraints
      keyUsage = try extensions.keyUsage
      extendedKeyUsage = try extensions.extendedKeyUsage
      let names = try extensions.subjectAlternativeNames.map(Array.init) ?? []
      uris = names.compactMap { if case .uniformResourceIdentifier(let uri) = $0 { uri } else { nil } }
      dnsNames = names.compactMap { if case .dnsName(let name) = $0 { name } else { nil } }
      ipAddresses = names.compactMap {
        if case .ipAddress(let address) = $0 { IPAddress(bytes: address.bytes) } else { nil }
      }
      nameCount = names.count
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

  /// The SubjectPublicKeyInfo as it is spelled; asking swift-certificates for its bytes costs a field inversion.
  ///
  /// Checks on its way that both places name one signature algorithm (RFC 5280, section 4.1.1.2).
  private static func publicKeyInfo(_ node: ASN1Node) throws(CertificateError) -> ASN1Node {
    guard var parts = children(node), let toBeSigned = parts.next(), let algorithm = parts.next(),
      var fields = children(toBeSigned)
    else { throw .malformed("it has too few parts") }
    // version, serialNumber, signature, issuer, validity, subject; version 1 has no number and no place in the mesh.
    guard fields.next()?.identifier == ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific),
      fields.next() != nil, fields.next()?.encodedBytes == algorithm.encodedBytes
    else { throw .malformed("its version or its signature algorithms are wrong") }
    guard fields.next() != nil, fields.next() != nil, fields.next() != nil, let info = fields.next() else {
      throw .malformed("it has too few fields")
    }
    return info
  }

  private static func children(_ node: ASN1Node) -> ASN1NodeCollection.Iterator? {
    if case .constructed(let nodes) = node.content { nodes.makeIterator() } else { nil }
  }

  /// The one SPIFFE ID of the certificate; nil where there is no URI, more than one, or one that is no SPIFFE ID.
  package var spiffeID: SPIFFEID? {
    guard uris.count == 1, let uri = uris.first else { return nil }
    return try? SPIFFEID(uri)
  }

  /// basicConstraints say that this is a certificate authority.
  package var isAuthority: Bool {
    if case .isCertificateAuthority = basicConstraints { true } else { false }
  }

  /// How many further authorities may follow below; nil where nothing limits them or this is none.
  package var pathLength: Int? {
    if case .isCertificateAuthority(let length) = basicConstraints { length } else { nil }
  }

  /// For a person; empty for most leaves.
  package var subjectName: String { "\(x509.subject)" }

  /// For a person.
  package var issuerName: String { "\(x509.issuer)" }

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
