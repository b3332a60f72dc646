package import CertificateAuthority
package import SPIFFE

/// What the authority of a mesh is told.
package struct MeshAuthorityConfiguration: Sendable {
  package var trustDomain: TrustDomain
  package var policy: RotationPolicy
  /// Of the keys that are made here.
  package var keyAlgorithm = KeyAlgorithm.ecdsaP256
  /// Whether leaves carry DNS names next to their SPIFFE ID.
  package var dnsNames = false
  /// This process among those that share a custody; another one after each start.
  package var replica: String

  package init(trustDomain: TrustDomain, policy: RotationPolicy = RotationPolicy(), replica: String) {
    self.trustDomain = trustDomain
    self.policy = policy
    self.replica = replica
  }

  /// How long leaves live.
  var leafLifetimes: LifetimePolicy {
    LifetimePolicy(standard: .seconds(policy.leafLife), maximum: .seconds(policy.leafCap))
  }
}
