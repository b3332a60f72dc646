import CallerAuthentication
import FoundationEssentials
import KubernetesObjects
import SPIFFE
import Testing

@testable import ClusterIdentity

struct BoundObjectJudgementTests {
  private static let now = Date(timeIntervalSince1970: TimeInterval(SigningCluster.issuedAt + 60))

  private static func token(node: String? = nil) throws -> ServiceAccountToken {
    var claims = TestClaims()
    claims.node = node
    let policy = try ServiceAccountTokenPolicy(
      trustDomain: TrustDomain("cluster.local"),
      issuer: SigningCluster.issuer,
      audiences: ["amesh-ca"]
    )
    return try ServiceAccountToken(TokenClaims(parsing: claims.json.serialized()), policy: policy, now: now)
  }

  private static func seen(_ change: (inout JSONValue) -> Void = { _ in }) throws -> BoundObjectsSeen {
    var pod: JSONValue = [
      "metadata": ["name": "cart-0", "uid": "pod-1"], "spec": ["serviceAccountName": "cart", "nodeName": "node-1"],
      "status": ["phase": "Running"],
    ]
    change(&pod)
    let account: JSONValue = ["metadata": ["name": "cart", "uid": "sa-1"]]
    return BoundObjectsSeen(
      pod: BoundPod(try JSONDocument(parsing: pod.serialized()).root),
      serviceAccount: BoundServiceAccount(try JSONDocument(parsing: account.serialized()).root),
      silence: .zero
    )
  }

  private static func deleted(at text: String) -> (inout JSONValue) -> Void {
    { $0["metadata"] = ["name": "cart-0", "uid": "pod-1", "deletionTimestamp": .string(text)] }
  }

  @Test func `what is as the token says stands`() throws {
    #expect(try Self.seen().judge(Self.token(), now: Self.now) == .stands)
    #expect(try Self.seen().judge(Self.token(node: "node-1"), now: Self.now) == .stands)
  }

  @Test func `a Pod is good until its grace period and a minute are over`() throws {
    // 1 800 000 000 is 2027-01-15T08:00:00Z; it is a minute later now.
    for (text, stands) in [
      ("2027-01-15T08:00:30Z", true), ("2027-01-15T08:00:00Z", true), ("2027-01-15T07:59:59Z", false),
      ("yesterday", false),
    ] {
      let verdict = try Self.seen(Self.deleted(at: text)).judge(Self.token(), now: Self.now)
      #expect(verdict == (stands ? .stands : .ended(.podGone("cart-0"))), "\(text)")
    }
  }

  @Test(arguments: ["Succeeded", "Failed"]) func `a Pod that is over ends its tokens`(phase: String) throws {
    let seen = try Self.seen { $0["status"] = ["phase": .string(phase)] }
    #expect(try seen.judge(Self.token(), now: Self.now) == .ended(.podEnded("cart-0")))
  }

  @Test func `a Pod of another ServiceAccount or on another node is not the token's`() throws {
    let other = try Self.seen { $0["spec"] = ["serviceAccountName": "admin"] }
    #expect(try other.judge(Self.token(), now: Self.now) == .ended(.podOfOtherServiceAccount("cart-0")))
    #expect(
      try Self.seen().judge(Self.token(node: "node-2"), now: Self.now) == .ended(.podOnOtherNode("cart-0"))
    )
  }

  @Test func `a node that was not heard of yet is a doubt`() throws {
    let seen = try Self.seen { $0["spec"] = ["serviceAccountName": "cart"] }
    #expect(try seen.judge(Self.token(node: "node-1"), now: Self.now) == .unknown(.podUnknown("cart-0")))
    #expect(try seen.judge(Self.token(), now: Self.now) == .stands)
  }

  @Test func `what is not known is a doubt`() throws {
    var seen = try Self.seen()
    seen.pod = nil
    #expect(try seen.judge(Self.token(), now: Self.now) == .unknown(.podUnknown("cart-0")))
    seen = try Self.seen { $0["metadata"] = ["name": "cart-0", "uid": "pod-2"] }
    #expect(try seen.judge(Self.token(), now: Self.now) == .unknown(.podUnknown("cart-0")))
    seen = try Self.seen()
    seen.serviceAccount = nil
    #expect(try seen.judge(Self.token(), now: Self.now) == .unknown(.serviceAccountUnknown("cart")))
    seen = try Self.seen()
    seen.silence = nil
    #expect(try seen.judge(Self.token(), now: Self.now) == .unknown(.notSynced))
    seen.silence = .seconds(180)
    #expect(try seen.judge(Self.token(), now: Self.now) == .stands)
    seen.silence = .seconds(181)
    #expect(try seen.judge(Self.token(), now: Self.now) == .unknown(.stale(.seconds(181))))
  }

  @Test func `what has ended has ended, however old the news`() throws {
    for silence in [nil, Duration.seconds(10_000)] {
      var seen = try Self.seen()
      seen.silence = silence
      seen.podIsGone = true
      #expect(try seen.judge(Self.token(), now: Self.now) == .ended(.podGone("cart-0")))
      seen.podIsGone = false
      seen.serviceAccountIsGone = true
      #expect(try seen.judge(Self.token(), now: Self.now) == .ended(.serviceAccountGone("cart")))
    }
  }

  @Test func `nothing is kept of what is no object`() throws {
    for text in ["{}", "[]", #"{"metadata":{"name":"a"}}"#, #"{"metadata":{"uid":""}}"#, #"{"metadata":1}"#] {
      let view = try JSONDocument(parsing: Array(text.utf8)).root
      #expect(BoundPod(view) == nil)
      #expect(BoundServiceAccount(view) == nil)
    }
  }
}
