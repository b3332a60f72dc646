import KubernetesObjects

/// The claims of a Kubernetes ServiceAccount token (RFC 7519, section 4; Kubernetes `pkg/serviceaccount/claims.go`).
///
/// Reading checks their form only; who may rely on them has verified the signature over the same bytes.
package struct TokenClaims: Hashable, Sendable {
  package let issuer: String
  package let audiences: [String]
  package let subject: String
  /// Seconds since 1970, as the two below.
  package let expiresAt: Int
  package let notBefore: Int?
  package let issuedAt: Int
  package let namespace: String
  package let serviceAccount: Caller.BoundObject
  package let pod: Caller.BoundObject?
  /// The node that the Pod ran on when the token was issued; nil before Kubernetes 1.30, and for a Pod without one.
  package let nodeName: String?

  /// - Parameter text: the decoded second segment.
  package init(parsing text: [UInt8]) throws(ServiceAccountTokenError) {
    let claims: JSONView
    do {
      claims = try JSONDocument(parsing: text, maximumDepth: 16).root
    } catch {
      throw .notJSON(.claims, error)
    }
    guard claims.kind == .object else { throw .malformed(.claims) }
    issuer = try Self.text("iss", of: claims)
    audiences = try Self.audiences(of: claims)
    subject = try Self.text("sub", of: claims)
    guard let expiresAt = try Self.time("exp", of: claims) else { throw .missingClaim("exp") }
    guard let issuedAt = try Self.time("iat", of: claims) else { throw .missingClaim("iat") }
    guard issuedAt < expiresAt else { throw .malformedClaim("exp") }
    self.expiresAt = expiresAt
    self.issuedAt = issuedAt
    notBefore = try Self.time("nbf", of: claims)

    guard let kubernetes = claims["kubernetes.io"] else { throw .missingClaim("kubernetes.io") }
    guard kubernetes.kind == .object else { throw .malformedClaim("kubernetes.io") }
    let namespace = try Self.text("namespace", of: kubernetes)
    guard KubernetesName.isLabel(namespace) else { throw .malformedClaim("namespace") }
    self.namespace = namespace
    guard let serviceAccount = try Self.object("serviceaccount", of: kubernetes) else {
      throw .missingClaim("serviceaccount")
    }
    self.serviceAccount = serviceAccount
    pod = try Self.object("pod", of: kubernetes)
    nodeName = try Self.nodeName(of: kubernetes)
  }

  private static func text(_ name: String, of object: JSONView) throws(ServiceAccountTokenError) -> String {
    guard let view = object[name] else { throw .missingClaim(name) }
    guard let text = view.string, !text.isEmpty else { throw .malformedClaim(name) }
    return text
  }

  /// One string or a list of strings (RFC 7519, section 4.1.3).
  private static func audiences(of claims: JSONView) throws(ServiceAccountTokenError) -> [String] {
    guard let view = claims["aud"] else { throw .missingClaim("aud") }
    if let one = view.string { return [one] }
    guard view.kind == .array else { throw .malformedClaim("aud") }
    let audiences = view.elements.compactMap(\.string)
    guard audiences.count == view.count else { throw .malformedClaim("aud") }
    return audiences
  }

  /// Whole seconds from 1970 to the end of the year 9999. The RFC allows fractions; Kubernetes writes none.
  private static func time(_ name: String, of claims: JSONView) throws(ServiceAccountTokenError) -> Int? {
    guard let view = claims[name] else { return nil }
    guard let seconds = view.integer, (0...253_402_300_799).contains(seconds) else { throw .malformedClaim(name) }
    return seconds
  }

  /// A reference to an object with a legal name (RFC 1123 subdomain) and its uid.
  private static func object(
    _ name: String,
    of kubernetes: JSONView
  ) throws(ServiceAccountTokenError) -> Caller.BoundObject? {
    guard let view = kubernetes[name] else { return nil }
    guard view.kind == .object, let objectName = view["name"]?.string, KubernetesName.isSubdomain(objectName),
      let uid = view["uid"]?.string, isUID(uid)
    else { throw .malformedClaim(name) }
    return Caller.BoundObject(name: objectName, uid: uid)
  }

  /// A node that is gone when the token is issued has a name and no uid.
  private static func nodeName(of kubernetes: JSONView) throws(ServiceAccountTokenError) -> String? {
    guard let view = kubernetes["node"] else { return nil }
    guard view.kind == .object, let name = view["name"]?.string, KubernetesName.isSubdomain(name) else {
      throw .malformedClaim("node")
    }
    return name
  }

  /// A UUID in practice; the API promises no more than an opaque string.
  private static func isUID(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
