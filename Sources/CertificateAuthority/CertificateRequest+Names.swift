package import SPIFFE
import SwiftASN1
import X509

extension CertificateRequest {
  /// Strict mode: every name that the request asks for, in subjectAltName or as a common name, has to be one of the
  /// caller's own.
  ///
  /// Other parts of the subject and other extensions are ignored here as elsewhere.
  package func checkNames(are identity: WorkloadIdentity) throws(CertificateRequestError) {
    let own = identity.dnsNames
    for name in try alternativeNames() {
      switch name {
      case .uniformResourceIdentifier(let uri) where uri == identity.description: continue
      case .dnsName(let dnsName) where own.contains(dnsName): continue
      default: throw .foreignName("\(name)")
      }
    }
    for name in try commonNames() where name != identity.description && !own.contains(name) {
      throw .foreignName(name)
    }
  }

  /// The names of each extensionRequest attribute (RFC 2985, section 5.4.2).
  private func alternativeNames() throws(CertificateRequestError) -> [GeneralName] {
    guard case .constructed(let attributes) = attributes.content else { throw .unreadableNames }
    var names: [GeneralName] = []
    do {
      for attribute in attributes {
        let (type, values) = try DER.sequence(attribute, identifier: .sequence) { nodes in
          (try ASN1ObjectIdentifier(derEncoded: &nodes), nodes.next())
        }
        guard type == [1, 2, 840, 113549, 1, 9, 14] else { continue }
        guard let values, values.identifier == .set, case .constructed(let lists) = values.content else {
          throw CertificateRequestError.unreadableNames
        }
        for list in lists {
          let extensions = try DER.sequence(of: Certificate.Extension.self, identifier: .sequence, rootNode: list)
          for found in extensions where found.oid == [2, 5, 29, 17] {
            names += try SubjectAlternativeNames(found)
          }
        }
      }
    } catch {
      throw .unreadableNames
    }
    return names
  }

  /// Common names of the subject that are not empty.
  private func commonNames() throws(CertificateRequestError) -> [String] {
    do {
      let attributes = try DistinguishedName(derEncoded: DER.parse(subject)).flatMap { Array($0) }
      return attributes.filter { $0.type == .RDNAttributeType.commonName }
        .map { String(describing: $0.value) }
        .filter { !$0.isEmpty }
    } catch {
      throw .unreadableNames
    }
  }
}
