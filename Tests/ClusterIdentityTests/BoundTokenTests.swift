import CallerAuthentication
import ClusterIdentity
import KubernetesAPI
import KubernetesObjects
import Testing

@testable import KubernetesTesting

/// Tokens whose Pods and ServiceAccounts the informers know.
struct BoundTokenTests {
  @Test func `a living Pod's token is judged without asking the API server`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      #expect(await cluster.judge(token) == .accepted(pod: token.claims.pod?.uid))
      #expect(cluster.reviews == 0)
    }
  }

  @Test func `a deleted Pod's token is refused, and who listens is told`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    let uid = try #require(token.claims.pod?.uid)
    try await cluster.run {
      #expect(await cluster.judge(token).isAccepted)
      try await cluster.server.delete(.pods, ObjectKey(namespace: "shop", name: "cart-0"))
      await cluster.ended.wait { $0 == [.pod(uid: uid)] }
      #expect(await cluster.judge(token) == .refused(.tokenRevoked))
      #expect(cluster.reviews == 0)
    }
  }

  @Test func `a Pod of the same name does not inherit the token`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      try await cluster.server.delete(.pods, ObjectKey(namespace: "shop", name: "cart-0"))
      await cluster.ended.wait { !$0.isEmpty }
      let next = try cluster.token(
        pod: try await cluster.createPod(),
        serviceAccount: token.claims.serviceAccountUID
      )
      #expect(await cluster.judge(next).isAccepted)
      #expect(await cluster.judge(token) == .refused(.tokenRevoked))
    }
  }

  @Test func `a Pod that was re-created while nothing was heard ends the old one's token`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    let uid = try #require(token.claims.pod?.uid)
    try await cluster.run {
      // The watch breaks and its place is forgotten: the deletion is never told, only the new Pod is listed.
      await cluster.deafen()
      try await cluster.server.delete(.pods, ObjectKey(namespace: "shop", name: "cart-0"))
      try await cluster.createPod()
      cluster.server.compact()
      // The watch can't go on, and after another pause all is listed anew.
      cluster.clock.advance(by: .seconds(1))
      await cluster.clock.waitForSleepers(3)
      cluster.clock.advance(by: .seconds(2))
      await cluster.ended.wait { !$0.isEmpty }
      #expect(cluster.ended.state == [.pod(uid: uid)])
      #expect(await cluster.judge(token) == .refused(.tokenRevoked))
    }
  }

  @Test func `a ServiceAccount that is deleted takes its tokens along, and a new one does not bring them back`()
    async throws
  {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      try await cluster.server.delete(.serviceAccounts, ObjectKey(namespace: "shop", name: "cart"))
      await cluster.ended.wait { $0 == [.serviceAccount(uid: token.claims.serviceAccountUID)] }
      #expect(await cluster.judge(token) == .refused(.tokenRevoked))
      try await cluster.createServiceAccount()
      #expect(await cluster.judge(token) == .refused(.tokenRevoked))
      #expect(cluster.reviews == 0)
    }
  }

  @Test func `a Pod whose containers have ended has no callers`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      let pod: JSONValue = [
        "metadata": ["name": "cart-0", "namespace": "shop"], "status": ["phase": "Succeeded"],
      ]
      _ = try await cluster.server.updateStatus(.pods, pod)
      await cluster.ended.wait { !$0.isEmpty }
      #expect(await cluster.judge(token) == .refused(.tokenRevoked))
    }
  }

  @Test func `who is bound to something that ended is found by a stream that opens just then`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      guard case .authenticated(let caller) = await cluster.tokens.judge(.init(token: token.bearer), at: cluster.now)
      else { throw Unexpected() }
      #expect(!cluster.objects.hasEnded(caller))
      try await cluster.server.delete(.pods, ObjectKey(namespace: "shop", name: "cart-0"))
      await cluster.ended.wait { !$0.isEmpty }
      #expect(cluster.objects.hasEnded(caller))
      #expect(cluster.ended.state.contains { $0.ends(caller) })
    }
  }

  @Test func `tokens without a Pod are refused, unless the mesh takes them`() async throws {
    for mustBeBound in [true, false] {
      let cluster = try TestCluster(requireBoundPod: mustBeBound)
      let known = try await cluster.workload()
      var claims = known.claims
      claims.pod = nil
      let token = try TestToken(claims, by: cluster.signing)
      try await cluster.run {
        #expect(await cluster.judge(token) == (mustBeBound ? .refused(.tokenUnbound) : .accepted(pod: nil)))
        #expect(cluster.reviews == 0)
      }
    }
  }

  @Test func `what is wrong by itself is asked of nobody`() async throws {
    let cluster = try TestCluster()
    let known = try await cluster.workload()
    var wrongAudience = known.claims
    wrongAudience.audience = "vault"
    var expired = known.claims
    expired.expiresAt = SigningCluster.issuedAt + 1
    var foreign = known.claims
    foreign.issuer = "https://elsewhere"
    let claims = [wrongAudience, foreign, expired]
    try await cluster.run {
      let outcomes = try await [
        cluster.judge(TestToken(claims[0], by: cluster.signing)),
        cluster.judge(TestToken(claims[1], by: cluster.signing)),
      ]
      #expect(outcomes == [.refused(.tokenAudience), .refused(.tokenIssuer)])
      cluster.clock.advance(by: .seconds(120))
      #expect(await cluster.judge(try TestToken(claims[2], by: cluster.signing)) == .passed(.tokenExpired))
      // Another cluster's key of the same name.
      #expect(await cluster.judge(try TestToken(known.claims, by: SigningCluster())) == .refused(.tokenSignature))
      #expect(cluster.reviews == 0)
    }
  }
}

struct Unexpected: Error {}
