/// The files of a plugged-in authority, as read at one moment and not looked at yet.
package struct PluggedInContents: Sendable, Equatable {
  /// How the files are named.
  package enum Layout: Sendable, CaseIterable {
    /// As Istio names them (Secret `cacerts`): certificate, key, the chain above, the roots.
    case istio
    /// As a Secret of type `kubernetes.io/tls` names them: certificate and chain in one, key, the roots.
    case tls

    package var certificate: String { self == .istio ? "ca-cert.pem" : "tls.crt" }
    package var key: String { self == .istio ? "ca-key.pem" : "tls.key" }
    package var chain: String? { self == .istio ? "cert-chain.pem" : nil }
    package var roots: String { self == .istio ? "root-cert.pem" : "ca.crt" }
  }

  /// Bytes beyond which a file is no certificate, chain or key.
  package static let maximumBytes = 256 * 1024

  package let layout: Layout
  package let certificate: [UInt8]
  package let key: SecretBytes
  /// Empty where the layout has none, or the file is not there: a self-signed certificate needs none.
  package let chain: [UInt8]
  package let roots: [UInt8]

  package init(layout: Layout, certificate: [UInt8], key: SecretBytes, chain: [UInt8], roots: [UInt8]) {
    self.layout = layout
    self.certificate = certificate
    self.key = key
    self.chain = chain
    self.roots = roots
  }
}
