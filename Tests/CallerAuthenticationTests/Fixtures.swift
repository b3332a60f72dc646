import CallerAuthentication
import FoundationEssentials
import SPIFFE

/// What the tests agree on.
enum Fixture {
  static func policy(requireBoundPod: Bool = true, leeway: Duration = .seconds(60)) throws -> ServiceAccountTokenPolicy
  {
    try ServiceAccountTokenPolicy(
      trustDomain: TrustDomain("cluster.local"),
      issuer: Claims.issuer,
      audiences: ["amesh-ca", "istio-ca"],
      leeway: leeway,
      requireBoundPod: requireBoundPod
    )
  }

  static func identity(_ serviceAccount: String = "cart", namespace: String = "shop") throws -> WorkloadIdentity {
    try WorkloadIdentity(
      trustDomain: TrustDomain("cluster.local"),
      namespace: namespace,
      serviceAccount: serviceAccount
    )
  }

  static func caller(
    _ method: Caller.Method = .serviceAccountToken,
    lastTokenAuthentication: Date = Claims.now,
    credentialExpiry: Date? = nil
  ) throws -> Caller {
    Caller(
      identity: try identity(),
      method: method,
      lastTokenAuthentication: lastTokenAuthentication,
      credentialExpiry: credentialExpiry,
      credentialHash: CredentialHash(of: [])
    )
  }
}

/// Verifies with the forge's keys, unless others are given.
func verify(
  _ token: String,
  keys: TokenSigningKeys? = nil,
  policy: ServiceAccountTokenPolicy? = nil,
  now: Date = Claims.now
) throws -> ServiceAccountToken {
  try ServiceAccountToken.verify(
    BearerToken(Array(token.utf8)),
    keys: keys ?? TokenForge.shared.get().keys,
    policy: policy ?? Fixture.policy(),
    now: now
  )
}
