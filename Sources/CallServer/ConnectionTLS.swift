package import NIOSSL

/// How one connection is secured.
package struct ConnectionTLS: Sendable {
  /// See ``ConnectionTLS.configuration(certificateChain:privateKey:trustRoots:)``. Used for one connection only:
  /// keys of session tickets belong to a context, so no session is ever resumed, and each handshake verifies anew.
  package let context: NIOSSLContext
  /// Judges what a client shows, DER, the leaf first; throws where it is not to be trusted.
  package let verify: @Sendable ([[UInt8]]) async throws -> Void

  package init(context: NIOSSLContext, verify: @escaping @Sendable ([[UInt8]]) async throws -> Void) {
    self.context = context
    self.verify = verify
  }
}

extension ConnectionTLS {
  /// TLS 1.3 for the server: a client may show a certificate, which is then verified against `trustRoots`.
  package static func configuration(
    certificateChain: [NIOSSLCertificate],
    privateKey: NIOSSLPrivateKey,
    trustRoots: [NIOSSLCertificate]
  ) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: certificateChain.map { .certificate($0) },
      privateKey: .privateKey(privateKey)
    )
    configuration.minimumTLSVersion = .tlsv13
    configuration.applicationProtocols = ["h2"]
    configuration.certificateVerification = .optionalVerification
    configuration.trustRoots = .certificates(trustRoots)
    return configuration
  }
}
