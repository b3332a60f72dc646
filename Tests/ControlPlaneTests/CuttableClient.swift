import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import NIOConcurrencyHelpers

/// One replica's way to the API server, which a test can cut while others keep theirs.
final class CuttableClient: KubernetesClient {
  private let server: any KubernetesClient
  private let cut = NIOLockedValueBox(false)
  private let closed = NIOLockedValueBox<Set<String>>([])

  init(_ server: any KubernetesClient) { self.server = server }

  var isCut: Bool {
    get { cut.withLockedValue { $0 } }
    set { cut.withLockedValue { $0 = newValue } }
  }

  /// Namespaces in which nothing may be patched.
  var forbidden: Set<String> {
    get { closed.withLockedValue { $0 } }
    set { closed.withLockedValue { $0 = newValue } }
  }

  private func pass() throws(APIError) {
    if isCut { throw .unreachable }
  }

  func get(_ resource: KubernetesResource, _ key: ObjectKey) async throws(APIError) -> JSONDocument {
    try pass()
    return try await server.get(resource, key)
  }

  func list(_ resource: KubernetesResource, _ query: ListQuery) async throws(APIError) -> ListPage {
    try pass()
    return try await server.list(resource, query)
  }

  func watch(
    _ resource: KubernetesResource,
    _ query: WatchQuery,
    receive: (WatchEvent) async throws(APIError) -> Void
  ) async throws(APIError) {
    try pass()
    try await server.watch(resource, query) { event throws(APIError) in
      try self.pass()
      try await receive(event)
    }
  }

  func create(
    _ resource: KubernetesResource,
    _ object: JSONValue,
    namespace: String?,
    subresource: Subresource?
  ) async throws(APIError) -> JSONDocument {
    try pass()
    return try await server.create(resource, object, namespace: namespace, subresource: subresource)
  }

  func update(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ object: JSONValue,
    subresource: String?
  ) async throws(APIError) -> JSONDocument {
    try pass()
    return try await server.update(resource, key, object, subresource: subresource)
  }

  func patch(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ patch: ObjectPatch,
    subresource: String?
  ) async throws(APIError) -> JSONDocument {
    try pass()
    if let namespace = key.namespace, forbidden.contains(namespace) {
      throw .twin(403, "Forbidden", "\(resource) \"\(key.name)\" is forbidden")
    }
    return try await server.patch(resource, key, patch, subresource: subresource)
  }

  func delete(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ preconditions: DeletePreconditions
  ) async throws(APIError) {
    try pass()
    try await server.delete(resource, key, preconditions)
  }

  func read(_ path: String) async throws(APIError) -> [UInt8] {
    try pass()
    return try await server.read(path)
  }
}
