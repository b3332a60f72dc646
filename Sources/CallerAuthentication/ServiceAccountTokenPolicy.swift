package import SPIFFE

/// Which ServiceAccount tokens are accepted.
package struct ServiceAccountTokenPolicy: Hashable, Sendable {
  /// More leeway than this makes expiry a matter of opinion.
  package static let maximumLeeway: Duration = .seconds(60)

  /// The trust domain that namespaces and service accounts of the cluster belong to.
  package let trustDomain: TrustDomain
  /// The issuer of the cluster's tokens, byte for byte (`--service-account-issuer`).
  package let issuer: String
  /// A token has to name one of these; never empty.
  package let audiences: [String]
  /// How far the clock of the issuer and ours may be apart: 0 to ``maximumLeeway``.
  package let leeway: Duration
  /// Whether tokens that are not bound to a Pod are refused. Such a token goes on living when its Pod is gone.
  package let requireBoundPod: Bool

  /// - Throws: when there is no issuer or no audience: what nobody checks is accepted from everybody.
  package init(
    trustDomain: TrustDomain,
    issuer: String,
    audiences: [String],
    leeway: Duration = .seconds(60),
    requireBoundPod: Bool = true
  ) throws(ServiceAccountTokenPolicyError) {
    guard !issuer.isEmpty else { throw .noIssuer }
    guard !audiences.isEmpty, audiences.allSatisfy({ !$0.isEmpty }) else { throw .noAudience }
    guard (.zero...Self.maximumLeeway).contains(leeway) else { throw .leeway(leeway) }
    self.trustDomain = trustDomain
    self.issuer = issuer
    self.audiences = audiences
    self.leeway = leeway
    self.requireBoundPod = requireBoundPod
  }
}

/// Why a policy would not hold.
package enum ServiceAccountTokenPolicyError: Error, Hashable, Sendable, CustomStringConvertible {
  case noIssuer
  case noAudience
  case leeway(Duration)

  package var description: String {
    switch self {
    case .noIssuer:
      "no issuer of ServiceAccount tokens is set; take \"issuer\" of "
        + "`kubectl get --raw /.well-known/openid-configuration`"
    case .noAudience: "no audience of ServiceAccount tokens is set; name one at least, such as amesh-ca"
    case .leeway(let leeway):
      "a leeway of \(leeway) is not within 0 to \(ServiceAccountTokenPolicy.maximumLeeway); set the clocks instead"
    }
  }
}
