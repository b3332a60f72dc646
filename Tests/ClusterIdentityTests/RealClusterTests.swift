import CallerAuthentication
import ClusterIdentity
import Foundation
import Injection
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import SPIFFE
import Testing

/// The same with an API server that is not ours, where `AMESH_TEST_KUBECONFIG` names one: it issues the tokens.
@Suite(.enabled(if: RealCluster.kubeconfig != nil, "AMESH_TEST_KUBECONFIG names no cluster"), .timeLimit(.minutes(2)))
struct RealClusterTests {
  @Test func `tokens of the TokenRequest API are worth what they are bound to`() async throws {
    try await RealCluster.with { cluster in
      let pod = try await cluster.createPod("cart-0")
      let bound = try await cluster.token(pod: ("cart-0", pod))
      let stack = try RealStack(cluster)
      try await stack.run {
        // All that follows is judged by the keys and by what the informers have listed.
        #expect(await stack.judge(bound) == .accepted(pod: pod))
        #expect(await stack.judge(try await cluster.token(pod: nil)) == .refused(.tokenUnbound))
        let foreign = try await cluster.token(pod: ("cart-0", pod), audience: "vault")
        #expect(await stack.judge(foreign) == .refused(.tokenAudience))
        // The shortest life is ten minutes, and a minute of leeway comes on top.
        #expect(await stack.judge(bound, at: Date() + 650).isAccepted)
        #expect(await stack.judge(bound, at: Date() + 670) == .passed(.tokenExpired))
        #expect(stack.reviewed == 0)

        try await cluster.client.delete(.pods, ObjectKey(namespace: cluster.namespace, name: "cart-0"))
        await stack.ended.wait { $0.contains(.pod(uid: pod)) }
        #expect(await stack.judge(bound) == .refused(.tokenRevoked))
        #expect(stack.reviewed == 0)

        let next = try await cluster.createPod("cart-0")
        #expect(next != pod)
        #expect(await stack.judge(try await cluster.token(pod: ("cart-0", next))) == .accepted(pod: next))
        #expect(await stack.judge(bound) == .refused(.tokenRevoked))
      }
    }
  }

  @Test func `without informers the API server says the same`() async throws {
    try await RealCluster.with { cluster in
      let pod = try await cluster.createPod("cart-0")
      let bound = try await cluster.token(pod: ("cart-0", pod))
      // The API server remembers for ten seconds that a token was good, so one that it has not seen shows the end.
      var unseen: [String] = []
      for _ in 0..<200 { unseen.append(try await cluster.token(pod: ("cart-0", pod))) }
      let asking = try RealStack(cluster)
      #expect(await asking.judge(bound) == .accepted(pod: pod))
      #expect(asking.reviewed == 1)
      let listening = try RealStack(cluster)
      try await listening.run {
        try await cluster.client.delete(.pods, ObjectKey(namespace: cluster.namespace, name: "cart-0"))
        await listening.ended.wait { $0.contains(.pod(uid: pod)) }
      }
      // Its authenticator hears of the end by a watch of its own, some time after us.
      var outcome = Outcome.notApplicable
      for token in unseen where outcome != .refused(.tokenReview) { outcome = await asking.judge(token) }
      #expect(outcome == .refused(.tokenReview))
    }
  }

  @Test func `tokens of other clusters are refused, whatever key they name`() async throws {
    try await RealCluster.with { cluster in
      let pod = try await cluster.createPod("cart-0")
      let account = try await cluster.serviceAccountUID()
      let stack = try RealStack(cluster)
      try await stack.run {
        let keys = try JSONDocument(parsing: await cluster.client.read("/openid/v1/jwks")).root["keys"]
        let name = try #require(keys?.elements.first { _ in true }?["kid"]?.string)
        var claims = TestClaims()
        let now = Int(Date().timeIntervalSince1970)
        (claims.issuer, claims.issuedAt, claims.expiresAt) = (try #require(stack.keys.current?.issuer), now, now + 600)
        (claims.namespace, claims.serviceAccountUID, claims.pod) = (cluster.namespace, account, ("cart-0", pod))
        let unknown = try TestToken(claims, by: SigningCluster(keyID: "elsewhere"))
        #expect(await stack.judge(unknown.text) == .refused(.tokenReview))
        // The cluster's key is RSA, so a token of another kind does not fit it.
        let known = try TestToken(claims, by: SigningCluster(keyID: name))
        let outcome = await stack.judge(known.text)
        #expect([.refused(.tokenAlgorithm), .refused(.tokenSignature)].contains(outcome))
      }
    }
  }

  @Test func `a ServiceAccount that is deleted takes its tokens along`() async throws {
    try await RealCluster.with { cluster in
      let pod = try await cluster.createPod("cart-0")
      let bound = try await cluster.token(pod: ("cart-0", pod))
      let uid = try await cluster.serviceAccountUID()
      let stack = try RealStack(cluster)
      try await stack.run {
        #expect(await stack.judge(bound).isAccepted)
        try await cluster.client.delete(.serviceAccounts, ObjectKey(namespace: cluster.namespace, name: "cart"))
        await stack.ended.wait { $0.contains(.serviceAccount(uid: uid)) }
        #expect(await stack.judge(bound) == .refused(.tokenRevoked))
      }
    }
  }

  @Test func `Pods that were created just now are let in`() async throws {
    try await RealCluster.with { cluster in
      let stack = try RealStack(cluster)
      try await stack.run {
        for number in 0..<20 {
          let pod = try await cluster.createPod("cart-\(number)")
          let outcome = await stack.judge(try await cluster.token(pod: ("cart-\(number)", pod)))
          #expect(outcome == .accepted(pod: pod))
        }
      }
    }
  }

  @Test func `a namespace that is labelled and used in the same instant is known`() async throws {
    try await RealCluster.with { cluster in
      let namespaces = ClusterNamespaces(
        cluster.client,
        revision: "default",
        metrics: TestCluster.metrics,
        logger: TestCluster.logger
      )
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await namespaces.run() }
        try await namespaces.waitUntilSynced()
        let label: JSONValue = ["metadata": ["labels": [MeshNames.injectionLabel: "enabled"]]]
        try await cluster.client.patch(.namespaces, ObjectKey(name: cluster.namespace), .merge(label))
        let question = NamespaceQuestion(name: cluster.namespace, selector: .namespace)
        #expect(await namespaces.namespace(question)?.labels?[MeshNames.injectionLabel] == "enabled")
        group.cancelAll()
      }
    }
  }

  @Test func `the version is what the API server says`() async throws {
    try await RealCluster.with { cluster in
      let seen = Observed(false)
      let version = ClusterVersion(cluster.client, logger: TestCluster.logger)
      version.onChange { seen.change { $0 = true } }
      await withTaskGroup(of: Void.self) { group in
        group.addTask { try? await version.run() }
        await seen.wait { $0 }
        group.cancelAll()
      }
      let minor = try #require(version.capabilities.minorVersion)
      #expect(minor >= 18)
    }
  }
}
