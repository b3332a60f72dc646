import X509

package enum RootCertificateError: Error, Equatable, Sendable, CustomStringConvertible {
  case unreadable(CertificateError)
  case notAuthority
  case notSelfSigned

  package var description: String {
    switch self {
    case .unreadable(let error): "\(error)"
    case .notAuthority: "its basic constraints or key usage don't make it an authority; give a root certificate"
    case .notSelfSigned: "it is not signed by its own key; give a root, not an intermediate"
    }
  }
}

extension RootCertificate {
  /// Reads a root: self-signed, an authority.
  package init(derEncoded: [UInt8]) throws(RootCertificateError) {
    let certificate: MeshCertificate
    do throws(CertificateError) {
      certificate = try MeshCertificate(derBytes: derEncoded)
    } catch {
      throw .unreadable(error)
    }
    try self.init(certificate)
  }

  package init(_ certificate: MeshCertificate) throws(RootCertificateError) {
    guard certificate.isAuthority, certificate.keyUsage?.keyCertSign ?? true else { throw .notAuthority }
    guard certificate.isSelfIssued, certificate.isSigned(by: certificate) else { throw .notSelfSigned }
    self.init(
      id: AuthorityID(certificate),
      derEncoded: certificate.derBytes,
      notBefore: certificate.validity.notBefore,
      notAfter: certificate.validity.notAfter
    )
  }
}

extension MeshCertificate {
  /// Whether the key of another certificate has made this one's signature.
  func isSigned(by issuer: MeshCertificate) -> Bool {
    issuer.x509.publicKey.isValidSignature(x509.signature, for: x509)
  }
}
