import CallerAuthentication
import FoundationEssentials
import KubernetesObjects
import SPIFFE
import Testing

@testable import ClusterIdentity
@testable import KubernetesAPI

/// What the API server vouches for has to be what the token says of itself.
struct ReviewedTokenTests {
  private static let good: JSONValue = [
    "authenticated": true, "audiences": ["amesh-ca"],
    "user": [
      "username": "system:serviceaccount:shop:cart", "uid": "sa-1",
      "extra": [
        "authentication.kubernetes.io/pod-name": ["cart-0"], "authentication.kubernetes.io/pod-uid": ["pod-1"],
      ],
    ],
  ]

  private static func check(_ status: JSONValue, pod: (name: String, uid: String)? = ("cart-0", "pod-1")) throws {
    var claims = TestClaims()
    claims.pod = pod
    let policy = try ServiceAccountTokenPolicy(
      trustDomain: TrustDomain("cluster.local"),
      issuer: SigningCluster.issuer,
      audiences: ["amesh-ca", "istio-ca"],
      requireBoundPod: false
    )
    let token = try ServiceAccountToken(
      TokenClaims(parsing: claims.json.serialized()),
      policy: policy,
      now: Date(timeIntervalSince1970: TimeInterval(SigningCluster.issuedAt))
    )
    let answer: JSONValue = ["status": status]
    let review = TokenReview(try JSONDocument(parsing: answer.serialized()).root)
    try ReviewedToken(review).check(token, audiences: policy.audiences)
  }

  @Test func `an answer that says the same is taken`() throws {
    try Self.check(Self.good)
    var unbound = Self.good
    unbound["user"] = ["username": "system:serviceaccount:shop:cart", "uid": "sa-1"]
    try Self.check(unbound, pod: nil)
  }

  static let changes: [(String, @Sendable (inout JSONValue) -> Void)] = [
    ("not authenticated", { $0["authenticated"] = false }),
    ("no verdict", { $0["authenticated"] = nil }),
    ("a server without audiences", { $0["audiences"] = nil }),
    ("other audiences", { $0["audiences"] = ["https://kubernetes.default.svc"] }),
    ("another user", { $0 = changed($0, "username", "system:serviceaccount:shop:admin") }),
    ("a user of another authenticator", { $0 = changed($0, "username", "cart@example.com") }),
    ("another ServiceAccount of that name", { $0 = changed($0, "uid", "sa-2") }),
    ("no Pod", { $0 = changed($0, "extra", .object([:])) }),
    (
      "another Pod",
      {
        $0 = changed(
          $0,
          "extra",
          [
            "authentication.kubernetes.io/pod-name": ["cart-0"], "authentication.kubernetes.io/pod-uid": ["pod-2"],
          ]
        )
      }
    ),
    (
      "two Pods",
      {
        $0 = changed(
          $0,
          "extra",
          [
            "authentication.kubernetes.io/pod-name": ["cart-0"],
            "authentication.kubernetes.io/pod-uid": ["pod-1", "pod-2"],
          ]
        )
      }
    ),
  ]

  @Test(arguments: changes.map(\.0)) func `an answer that says something else is none`(change: String) throws {
    var status = Self.good
    try #require(Self.changes.first { $0.0 == change }).1(&status)
    #expect(throws: ServiceAccountTokenError.self) { try Self.check(status) }
  }

  @Test func `a token that hides its Pod is refused`() throws {
    #expect(throws: ServiceAccountTokenError.self) { try Self.check(Self.good, pod: nil) }
  }

  private static func changed(_ status: JSONValue, _ field: String, _ value: JSONValue) -> JSONValue {
    var status = status
    var user = status["user"] ?? .object([:])
    user[field] = value
    status["user"] = user
    return status
  }
}
