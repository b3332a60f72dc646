package import FoundationEssentials
package import SPIFFE

/// A Kubernetes ServiceAccount token whose signature and claims were verified.
package struct ServiceAccountToken: Hashable, Sendable {
  package let identity: WorkloadIdentity
  package let serviceAccountUID: String
  /// The Pod that the token is bound to and dies with.
  package let pod: Caller.BoundObject?
  /// Where that Pod ran when the token was issued; nil where the token does not tell.
  package let nodeName: String?
  package let expiresAt: Date

  /// Verifies a token against the cluster's public keys.
  ///
  /// The header only chooses one of our keys. Claims are read after the signature was verified, from the same bytes.
  package static func verify(
    _ token: BearerToken,
    keys: TokenSigningKeys,
    policy: ServiceAccountTokenPolicy,
    now: Date
  ) throws(ServiceAccountTokenError) -> ServiceAccountToken {
    let segments = try SignedSegments(token.bytes)
    let header = try TokenHeader(parsing: segments.header)
    let named = keys.named(header.keyID)
    guard !named.isEmpty else { throw .unknownKey(header.keyID) }
    guard let key = named.first(where: { $0.algorithm == header.algorithm }) else {
      throw .algorithmDoesNotFitKey(header.keyID)
    }
    guard key.isValid(segments.signature, over: segments.signedBytes) else { throw .badSignature }
    return try ServiceAccountToken(TokenClaims(parsing: segments.claims), policy: policy, now: now)
  }

  /// Judges claims of a token whose signature was verified.
  package init(
    _ claims: TokenClaims,
    policy: ServiceAccountTokenPolicy,
    now: Date
  ) throws(ServiceAccountTokenError) {
    guard claims.issuer.hasSameBytes(as: policy.issuer) else { throw .issuer(claims.issuer, expected: policy.issuer) }
    let isForUs = claims.audiences.contains { audience in policy.audiences.contains { $0.hasSameBytes(as: audience) } }
    guard isForUs else { throw .audience(claims.audiences, accepted: policy.audiences) }

    let leeway = policy.leeway.wholeSeconds
    let expiresAt = Date(timeIntervalSince1970: TimeInterval(claims.expiresAt))
    guard now < expiresAt + leeway else { throw .expired(at: claims.expiresAt) }
    if let notBefore = claims.notBefore, now < Date(timeIntervalSince1970: TimeInterval(notBefore)) - leeway {
      throw .notYetValid(until: notBefore)
    }
    guard now >= Date(timeIntervalSince1970: TimeInterval(claims.issuedAt)) - leeway else {
      throw .issuedInFuture(at: claims.issuedAt)
    }

    let subject = "system:serviceaccount:\(claims.namespace):\(claims.serviceAccount.name)"
    guard claims.subject.hasSameBytes(as: subject) else { throw .subject(claims.subject, expected: subject) }
    guard claims.pod != nil || !policy.requireBoundPod else { throw .notBoundToPod }
    do {
      identity = try WorkloadIdentity(
        trustDomain: policy.trustDomain,
        namespace: claims.namespace,
        serviceAccount: claims.serviceAccount.name
      )
    } catch {
      throw .malformedClaim("serviceaccount")
    }
    serviceAccountUID = claims.serviceAccount.uid
    pod = claims.pod
    nodeName = claims.nodeName
    self.expiresAt = expiresAt
  }
}

/// The three segments of a JWS in its compact form (RFC 7515, section 3.1), decoded.
struct SignedSegments {
  let header: [UInt8]
  let claims: [UInt8]
  let signature: [UInt8]
  /// Header and claims as sent, with the dot between them: what the signature is over.
  let signedBytes: ArraySlice<UInt8>

  init(_ token: [UInt8]) throws(ServiceAccountTokenError) {
    let dot = UInt8(ascii: ".")
    let segments = token.split(separator: dot, maxSplits: 3, omittingEmptySubsequences: false)
    guard segments.count == 3, segments.allSatisfy({ !$0.isEmpty }) else { throw .notThreeSegments }
    guard let header = Base64URL.decode(segments[0]) else { throw .notBase64URL(.header) }
    guard let claims = Base64URL.decode(segments[1]) else { throw .notBase64URL(.claims) }
    guard let signature = Base64URL.decode(segments[2]) else { throw .notBase64URL(.signature) }
    self.header = header
    self.claims = claims
    self.signature = signature
    signedBytes = token[segments[0].startIndex..<segments[1].endIndex]
  }
}
