import Foundation
import KubernetesTesting
import Testing

@testable import KubernetesAPI

@Suite(.timeLimit(.minutes(2))) struct ContractTests {
  @Test(arguments: KubernetesContract.Clause.allCases)
  func `the twin keeps the contract`(clause: KubernetesContract.Clause) async throws {
    try await KubernetesContract.check(clause, InMemoryAPIServer(), run: "twin")
  }

  private static let kubeconfig = ProcessInfo.processInfo.environment["AMESH_TEST_KUBECONFIG"]

  /// One after the other: a real server has a state that all share.
  @Test(.enabled(if: kubeconfig != nil, "AMESH_TEST_KUBECONFIG names no cluster"))
  func `a real API server keeps the contract`() async throws {
    let connection = try ClusterConnection.find(kubeconfig: Self.kubeconfig, environment: [:])
    let client = try HTTPKubernetesClient(connection)
    let run = String(UInt32.random(in: 0 ... .max), radix: 36)
    for clause in KubernetesContract.Clause.allCases {
      do {
        try await KubernetesContract.check(clause, client, run: run)
      } catch {
        Issue.record("\(clause): \(error)")
      }
    }
    await client.shutdown()
  }
}
