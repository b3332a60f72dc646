import CallerAuthentication
import KubernetesAPI
import KubernetesObjects
import MetricsTestKit
import Testing

@testable import ClusterIdentity
@testable import KubernetesTesting

struct MetricsTests {
  @Test func `who judged and what the API server was asked can be counted`() async throws {
    let factory = TestMetrics()
    let cluster = try TestCluster(metrics: ClusterIdentityMetrics(factory: factory))
    let token = try await cluster.workload()
    #expect(await cluster.judge(token).isAccepted)
    #expect(await cluster.judge(token).isAccepted)
    try await cluster.run {
      #expect(await cluster.judge(token).isAccepted)
      try await cluster.server.delete(.pods, ObjectKey(namespace: "shop", name: "cart-0"))
      await cluster.ended.wait { !$0.isEmpty }
    }
    func count(_ label: String, _ dimensions: (String, String)...) throws -> Int64 {
      try factory.expectCounter(label, dimensions).totalValue
    }
    #expect(try count("amesh_token_judgements_total", ("by", "review")) == 2)
    #expect(try count("amesh_token_judgements_total", ("by", "informers")) == 1)
    #expect(try count("amesh_token_reviews_total", ("outcome", "authenticated")) == 1)
    #expect(try count("amesh_token_reviews_total", ("outcome", "cached")) == 1)
    #expect(try count("amesh_token_keys_refreshes_total", ("outcome", "changed")) == 1)
    #expect(try count("amesh_token_objects_ended_total") == 1)
  }
}
