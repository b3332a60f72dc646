/// A certificate that was issued, read again and found to say what it should, with the chain that goes with it.
package struct ReleasedCertificate: Hashable, Sendable {
  package let certificate: MeshCertificate
  /// Its signer and what is above, without a root.
  package let intermediates: [MeshCertificate]
  /// Why it lives shorter than was asked; nil where it does not.
  package let limit: LifetimeLimit?

  init(certificate: MeshCertificate, intermediates: [MeshCertificate], limit: LifetimeLimit?) {
    self.certificate = certificate
    self.intermediates = intermediates
    self.limit = limit
  }

  /// The leaf first, then each one's signer.
  package var chain: [MeshCertificate] { [certificate] + intermediates }

  /// The chain in PEM.
  package var chainPEM: String { chain.map(\.pem).joined() }
}
