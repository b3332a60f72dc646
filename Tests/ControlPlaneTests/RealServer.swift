import Glibc
import KubernetesAPI
import KubernetesObjects
import ServiceLifecycle

@testable import ControlPlane

/// A real API server, where the environment names one.
enum RealServer {
  private static var kubeconfig: String? {
    guard let value = getenv("AMESH_TEST_KUBECONFIG") else { return nil }
    return String(cString: value)
  }

  static var isThere: Bool { kubeconfig?.isEmpty == false }

  /// Runs `body` in a namespace of its own.
  static func run(
    _ body: @Sendable @escaping (any KubernetesClient, ObjectNames) async throws -> Void
  ) async throws {
    let connection = try ClusterConnection.find(kubeconfig: kubeconfig, environment: [:])
    let client = try HTTPKubernetesClient(connection)
    let namespace = "amesh-test-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
    var names = ObjectNames(namespace: namespace)
    // Of its own too, since it is watched in all namespaces.
    names.trustBundle = "\(namespace)-root"
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await client.run() }
      let outcome: Result<Void, any Error>
      do {
        try await client.create(.namespaces, ["metadata": ["name": .string(namespace)]])
        try await body(client, names)
        outcome = .success(())
      } catch {
        outcome = .failure(error)
      }
      try? await client.delete(.namespaces, ObjectKey(name: namespace))
      group.cancelAll()
      return try outcome.get()
    }
  }
}
