import GRPCCore
import GRPCNIOTransportHTTP2Posix
package import SecretDiscovery
package import X509

/// What a caller shows to say who it is.
package struct CallerEvidence: Sendable {
  /// Bytes of a token; longer ones are taken for none. The transport takes no more than 16 KiB of headers in all.
  package static let maximumTokenBytes = 16 << 10

  /// From `authorization: Bearer …`.
  package var bearerToken: String?
  /// From the TLS handshake, which has verified it.
  package var certificate: Certificate?

  package init(bearerToken: String?, certificate: Certificate?) {
    self.bearerToken = bearerToken
    self.certificate = certificate
  }

  init(metadata: Metadata, context: ServerContext) {
    bearerToken = metadata[stringValues: "authorization"].first { _ in true }.flatMap(Self.token)
    let transport = context.transportSpecific as? HTTP2ServerTransport.Posix.Context
    certificate = transport?.peerCertificate
  }

  private static func token(_ authorization: String) -> String? {
    let scheme = "bearer "
    guard authorization.utf8.count <= maximumTokenBytes + scheme.utf8.count,
      authorization.prefix(scheme.count).lowercased() == scheme
    else { return nil }
    let token = authorization.dropFirst(scheme.count)
    return token.isEmpty ? nil : String(token)
  }
}

/// Who a caller is, or nil; why not is for the log, never for the caller.
package protocol CallerAuthentication: Sendable {
  func caller(_ evidence: CallerEvidence) async -> SecretCaller?
}
