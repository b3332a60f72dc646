import CallerAuthentication
import Foundation
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import SPIFFE
import Testing

@testable import ClusterIdentity

/// A namespace of a cluster that is there, with a ServiceAccount, for one test.
struct RealCluster: Sendable {
  static let kubeconfig = ProcessInfo.processInfo.environment["AMESH_TEST_KUBECONFIG"]

  let client: HTTPKubernetesClient
  let namespace: String

  static func with(_ body: (RealCluster) async throws -> Void) async throws {
    let path = try #require(kubeconfig)
    let client = try HTTPKubernetesClient(ClusterConnection.find(kubeconfig: path, environment: [:]))
    let namespace = "identity-\(UInt32.random(in: 0...(.max)))"
    let cluster = RealCluster(client: client, namespace: namespace)
    do {
      _ = try await client.create(.namespaces, ["metadata": ["name": .string(namespace)]])
      let account: JSONValue = ["metadata": ["name": "cart", "namespace": .string(namespace)]]
      _ = try await client.create(.serviceAccounts, account)
      try await body(cluster)
    } catch {
      await cluster.leave()
      throw error
    }
    await cluster.leave()
  }

  private func leave() async {
    try? await client.delete(.namespaces, ObjectKey(name: namespace))
    await client.shutdown()
  }

  /// A Pod that no node runs.
  func createPod(_ name: String) async throws -> String {
    let pod: JSONValue = [
      "metadata": ["name": .string(name), "namespace": .string(namespace)],
      "spec": [
        "serviceAccountName": "cart", "automountServiceAccountToken": false,
        "schedulerName": "nobody", "containers": [["name": "app", "image": "app"]],
      ],
    ]
    return try TestCluster.uid(await client.create(.pods, pod))
  }

  func serviceAccountUID() async throws -> String {
    try TestCluster.uid(await client.get(.serviceAccounts, ObjectKey(namespace: namespace, name: "cart")))
  }

  /// A token from the TokenRequest API, for ten minutes.
  func token(pod: (name: String, uid: String)?, audience: String = "amesh-ca") async throws -> String {
    try await client.requestToken(
      for: ObjectKey(namespace: namespace, name: "cart"),
      audiences: [audience],
      lifetime: .seconds(600),
      boundTo: pod.map { .pod($0.name, uid: $0.uid) }
    ).token
  }
}

/// What judges callers of a real cluster.
struct RealStack: Sendable {
  let keys: ClusterSigningKeys
  let objects: BoundObjects
  let reviewer: TokenReviewer
  let tokens: ClusterTokens
  let ended = Observed<[EndedObject]>([])

  init(_ cluster: RealCluster) throws {
    let (metrics, logger) = (TestCluster.metrics, TestCluster.logger)
    keys = ClusterSigningKeys(cluster.client, metrics: metrics, logger: logger)
    objects = BoundObjects(cluster.client, metrics: metrics, logger: logger)
    reviewer = TokenReviewer(cluster.client, metrics: metrics, logger: logger)
    tokens = try ClusterTokens(
      ClusterTokens.Rules(trustDomain: TrustDomain("cluster.local"), audiences: ["amesh-ca"]),
      keys: keys,
      objects: objects,
      reviewer: reviewer,
      metrics: metrics,
      logger: logger
    )
    let ended = ended
    objects.onEnd { objects in ended.change { $0 += objects } }
  }

  func run(_ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.keys.run() }
      group.addTask { try await self.objects.run() }
      try await objects.waitUntilSynced()
      #expect(await keys.refresh(after: nil))
      defer { group.cancelAll() }
      try await body()
    }
  }

  func judge(_ token: String, at now: Date = Date()) async -> Outcome {
    guard let token = try? BearerToken(Array(token.utf8)) else { return .notApplicable }
    return Outcome(await tokens.judge(Credentials(token: token), at: now))
  }

  /// How many tokens the API server was asked about.
  var reviewed: Int { reviewer.cache.count }
}
