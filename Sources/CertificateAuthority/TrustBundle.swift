package import SPIFFE

/// The authorities that members of one trust domain are verified against: a set, in which order means nothing.
///
/// Bundles of different trust domains are never merged (SPIFFE Trust Domain and Bundle, section 4).
package struct TrustBundle: Hashable, Sendable {
  package static let maximumPEMBytes = 1 << 20
  package static let maximumAuthorities = 100

  package let trustDomain: TrustDomain
  /// Every authority once, ordered by its DER, so that equal bundles are spelled equally.
  package let authorities: [MeshCertificate]

  /// - Throws: when one of the certificates is no authority. An empty bundle is legal: nothing is trusted.
  package init(trustDomain: TrustDomain, authorities: some Sequence<MeshCertificate>) throws(TrustBundleError) {
    let unique = Set(authorities)
    for certificate in unique where !certificate.isAuthority { throw .notAnAuthority(certificate.serialNumber) }
    guard unique.count <= Self.maximumAuthorities else { throw .tooManyAuthorities }
    self.trustDomain = trustDomain
    self.authorities = unique.sorted { $0.derBytes.lexicographicallyPrecedes($1.derBytes) }
  }

  /// Reads PEM: blocks `CERTIFICATE` only, in any order, doubled ones taken once; at least one.
  package init(trustDomain: TrustDomain, pem: [UInt8]) throws(TrustBundleError) {
    let certificates: [MeshCertificate]
    do {
      certificates = try MeshCertificate.readPEM(
        pem,
        maximumBytes: Self.maximumPEMBytes,
        maximumBlocks: Self.maximumAuthorities
      )
    } catch {
      throw .unreadableCertificate(error)
    }
    try self.init(trustDomain: trustDomain, authorities: certificates)
  }

  /// The canonical spelling: the same for equal bundles, whatever they were read from.
  package var pem: String { authorities.map(\.pem).joined() }

  package func contains(_ authority: MeshCertificate) -> Bool { authorities.contains(authority) }
}
