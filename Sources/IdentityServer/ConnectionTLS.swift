package import NIOSSL

/// How one connection is secured.
package struct ConnectionTLS: Sendable {
  /// See ``IdentityTransport/tlsConfiguration(certificateChain:privateKey:trustRoots:)``. Used for one connection only:
  /// keys of session tickets belong to a context, so no session is ever resumed, and each handshake verifies anew.
  package let context: NIOSSLContext
  /// Judges what a client shows, DER, the leaf first; throws where it is not to be trusted.
  package let verify: @Sendable ([[UInt8]]) async throws -> Void

  package init(context: NIOSSLContext, verify: @escaping @Sendable ([[UInt8]]) async throws -> Void) {
    self.context = context
    self.verify = verify
  }
}
