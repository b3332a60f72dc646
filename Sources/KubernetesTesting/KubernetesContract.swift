package import KubernetesAPI
import KubernetesObjects
import Testing

/// What whoever talks to an API server relies on. The twin keeps it and so does a real server, or the twin is wrong.
package struct KubernetesContract: Sendable {
  package enum Clause: String, CaseIterable, Sendable {
    case objects, conflicts, pages, selectors, watches, expiry, patches, apply, webhooks, status, deletion, tokens,
      paths
    case leases, election, informer
  }

  let client: any KubernetesClient
  let namespace: String
  let run: String

  private init(_ client: any KubernetesClient, run: String, _ clause: Clause) {
    self.client = client
    self.run = run
    namespace = "amesh-contract-\(run)-\(clause)"
  }

  /// Holds a server against one clause, in a namespace of its own.
  ///
  /// - Parameter run: tells this run's objects from those of others.
  package static func check(_ clause: Clause, _ client: any KubernetesClient, run: String) async throws {
    let contract = KubernetesContract(client, run: run, clause)
    let namespace: JSONValue = ["metadata": ["name": .string(contract.namespace)]]
    try await client.create(.namespaces, contract.typed(.namespaces, namespace))
    do {
      try await contract.check(clause)
    } catch {
      try? await client.delete(.namespaces, ObjectKey(name: contract.namespace))
      throw error
    }
    try await client.delete(.namespaces, ObjectKey(name: contract.namespace))
  }

  private func check(_ clause: Clause) async throws {
    switch clause {
    case .objects: try await objects()
    case .conflicts: try await conflicts()
    case .pages: try await pages()
    case .selectors: try await selectors()
    case .watches: try await watches()
    case .expiry: try await expiry()
    case .patches: try await patches()
    case .apply: try await apply()
    case .webhooks: try await webhooks()
    case .status: try await status()
    case .deletion: try await deletion()
    case .tokens: try await tokens()
    case .paths: try await paths()
    case .leases: try await leases()
    case .election: try await election()
    case .informer: try await informer()
    }
  }

  // MARK: What the clauses share

  func key(_ name: String) -> ObjectKey { ObjectKey(namespace: namespace, name: name) }

  func typed(_ resource: KubernetesResource, _ object: JSONValue) -> JSONValue {
    var object = object
    object["apiVersion"] = .string(resource.apiVersion)
    object["kind"] = .string(resource.kind)
    return object
  }

  /// Without labels there is no `labels`: an empty one that two managers apply is a conflict on newer servers (1.36
  /// does), which keep none of it and see it change; compare kubernetes/kubernetes#128924.
  func configMap(_ name: String, _ data: JSONValue, labels: JSONValue? = nil) -> JSONValue {
    var metadata: JSONValue = ["name": .string(name), "namespace": .string(namespace)]
    if let labels { metadata["labels"] = labels }
    return typed(.configMaps, ["metadata": metadata, "data": data])
  }

  func pod(_ name: String, serviceAccount: String) -> JSONValue {
    typed(
      .pods,
      [
        "metadata": ["name": .string(name), "namespace": .string(namespace)],
        "spec": [
          "serviceAccountName": .string(serviceAccount),
          "containers": [["name": "app", "image": "registry.example/app:1"]],
        ],
      ]
    )
  }

  func serviceAccount(_ name: String) -> JSONValue {
    typed(.serviceAccounts, ["metadata": ["name": .string(name), "namespace": .string(namespace)]])
  }

  /// What a request is refused with; nothing that is no refusal passes.
  func refusal(_ body: () async throws(APIError) -> Void) async throws -> KubernetesError {
    do throws(APIError) {
      try await body()
    } catch {
      return try #require(error.status, "\(error)")
    }
    throw NotRefused()
  }

  struct NotRefused: Error {}
}
