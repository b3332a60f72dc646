import CallerAuthentication
import KubernetesAPI
import KubernetesObjects
import Testing

@testable import ClusterIdentity
@testable import KubernetesTesting

/// While the API server is away, callers that are known go on.
struct OutageTests {
  @Test func `known callers are judged from memory for an hour`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      cluster.server.goAway()
      await cluster.clock.waitForSleepers(3)
      #expect(await cluster.judge(token).isAccepted)
      #expect(cluster.reviews == 0)
      // Now what is known is old: the API server is asked in vain first.
      cluster.clock.advance(by: .seconds(181))
      #expect(await cluster.judge(token).isAccepted)
      #expect(cluster.reviews == 1)
      // And not again and again.
      #expect(await cluster.judge(token).isAccepted)
      #expect(cluster.reviews == 1)
      cluster.clock.advance(by: .seconds(3600 - 181))
      #expect(await cluster.judge(token).isAccepted)
      cluster.clock.advance(by: .seconds(1))
      #expect(await cluster.judge(token) == .passed(.tokenUndecided))
    }
  }

  @Test func `who is not known waits for the API server`() async throws {
    let cluster = try TestCluster()
    let known = try await cluster.workload()
    try await cluster.run {
      cluster.server.goAway()
      await cluster.clock.waitForSleepers(3)
      let stranger = try cluster.token(
        pod: "pod-2",
        serviceAccount: known.claims.serviceAccountUID,
        name: "cart-1"
      )
      #expect(await cluster.judge(stranger) == .passed(.tokenUndecided))
    }
  }

  @Test func `a Pod that was seen to go stays gone`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      try await cluster.server.delete(.pods, ObjectKey(namespace: "shop", name: "cart-0"))
      await cluster.ended.wait { !$0.isEmpty }
      cluster.server.goAway()
      cluster.clock.advance(by: .seconds(1000))
      #expect(await cluster.judge(token) == .refused(.tokenRevoked))
      #expect(cluster.reviews == 0)
    }
  }

  @Test func `an API server that comes back is listened to`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      cluster.server.goAway()
      await cluster.clock.waitForSleepers(3)
      try await self.deleteUnseen(cluster)
      cluster.clock.advance(by: .seconds(60))
      await cluster.ended.wait { !$0.isEmpty }
      #expect(await cluster.judge(token) == .refused(.tokenRevoked))
    }
  }

  private func deleteUnseen(_ cluster: TestCluster) async throws {
    cluster.server.comeBack()
    try await cluster.server.delete(.pods, ObjectKey(namespace: "shop", name: "cart-0"))
  }

  @Test func `an API server that does not let us ask is no outage`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      await cluster.deafen()
      cluster.server.fail(TwinFault(.twin(403, "Forbidden", "no"), count: .max))
      cluster.clock.advance(by: .seconds(181))
      #expect(await cluster.judge(token) == .passed(.tokenUndecided))
    }
  }

  @Test func `without keys nobody is let in, and with the first ones everybody`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    cluster.server.goAway()
    #expect(await cluster.judge(token) == .passed(.tokenUndecided))
    cluster.server.comeBack()
    cluster.clock.advance(by: .seconds(2))
    #expect(await cluster.judge(token).isAccepted)
  }
}
