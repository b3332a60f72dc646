package import SPIFFE
import X509

extension MeshCertificate {
  /// What the X509-SVID standard wants of a leaf by itself, without its chain (sections 2, 4 and 5.2).
  ///
  /// - Returns: whose certificate it is.
  package func checkedSVID(of trustDomain: TrustDomain) throws(VerificationError) -> SPIFFEID {
    guard !isAuthority else { throw .leafIsAuthority }
    guard let keyUsage, keyUsage.digitalSignature, !keyUsage.keyCertSign, !keyUsage.cRLSign else {
      throw .badKeyUsage
    }
    guard allowsBothUses else { throw .badExtendedKeyUsage }
    guard uris.count == 1, let uri = uris.first else { throw .notOneURI(uris.count) }
    let id: SPIFFEID
    do {
      id = try SPIFFEID(uri)
    } catch {
      throw .badID(error)
    }
    guard !id.path.isEmpty else { throw .noPath }
    guard id.isMember(of: trustDomain) else { throw .foreignTrustDomain(id.trustDomain) }
    return id
  }

  /// Without extendedKeyUsage everything is allowed.
  private var allowsBothUses: Bool {
    guard let usages = extendedKeyUsage else { return true }
    return usages.contains(.serverAuth) && usages.contains(.clientAuth)
  }
}
