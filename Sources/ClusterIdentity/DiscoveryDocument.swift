import KubernetesObjects

/// What the API server says of its tokens at `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0, section 3).
///
/// Only the issuer is of use: the keys are read from the API server itself, wherever `jwks_uri` points.
struct DiscoveryDocument: Sendable, Hashable {
  static let path = "/.well-known/openid-configuration"
  static let keysPath = "/openid/v1/jwks"
  static let maximumLength = 64 * 1024
  private static let maximumIssuerLength = 2048

  let issuer: String

  /// Nil for what is no such document.
  init?(parsing text: [UInt8]) {
    guard text.count <= Self.maximumLength, let root = try? JSONDocument(parsing: text, maximumDepth: 8).root,
      let issuer = root["issuer"]?.string, (1...Self.maximumIssuerLength).contains(issuer.utf8.count)
    else { return nil }
    self.issuer = issuer
  }
}
