/// The identity of a workload in Kubernetes: `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT`, the form that
/// Istio's meshes share.
package struct WorkloadIdentity: Hashable, Sendable {
  package let trustDomain: TrustDomain
  package let namespace: String
  package let serviceAccount: String

  /// - Throws: when the namespace is no DNS label or the service account no DNS subdomain.
  package init(trustDomain: TrustDomain, namespace: String, serviceAccount: String) throws(SPIFFEIDError) {
    guard HostName.isLabel(namespace.utf8[...]) else { throw .invalidNamespace }
    guard HostName.isSubdomain(serviceAccount.utf8[...]) else { throw .invalidServiceAccount }
    self.trustDomain = trustDomain
    self.namespace = namespace
    self.serviceAccount = serviceAccount
  }

  /// Reads the parts back from an ID of the same form.
  package init(_ id: SPIFFEID) throws(SPIFFEIDError) {
    let segments = id.segments
    guard segments.count == 4, segments[0] == "ns", segments[2] == "sa" else { throw .notAWorkload }
    try self.init(
      trustDomain: id.trustDomain,
      namespace: String(segments[1]),
      serviceAccount: String(segments[3])
    )
  }

  /// Legal names keep to the grammar of a path and stay far below the longest ID.
  package var id: SPIFFEID {
    SPIFFEID(trustDomain: trustDomain, checkedPath: "/ns/\(namespace)/sa/\(serviceAccount)")
  }

  /// Names for peers that can verify a certificate by a DNS name only, from the narrowest to the widest:
  /// `SA.NS.sa.TRUST_DOMAIN`, `NS.sa.TRUST_DOMAIN`, `sa.TRUST_DOMAIN`.
  ///
  /// A name that is no legal host name (RFC 1123: 253 bytes, labels of 63, no underscore) is left out.
  package var dnsNames: [String] {
    let domain = "sa.\(trustDomain.name)"
    return ["\(serviceAccount).\(namespace).\(domain)", "\(namespace).\(domain)", domain]
      .filter { HostName.isHostName($0.utf8[...]) }
  }
}

extension WorkloadIdentity: CustomStringConvertible {
  package var description: String { id.description }
}
