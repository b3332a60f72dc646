package import KubernetesObjects

/// An API server, as far as we need one. What talks to it is written against this, and runs on the real one as on its
/// twin in memory.
package protocol KubernetesClient: Sendable {
  /// One object.
  func get(_ resource: KubernetesResource, _ key: ObjectKey) async throws(APIError) -> JSONDocument

  /// One page of objects.
  func list(_ resource: KubernetesResource, _ query: ListQuery) async throws(APIError) -> ListPage

  /// Hands each change to `receive` until the server ends the watch, which it does every few minutes; an error that the
  /// server sends as an event is thrown.
  func watch(
    _ resource: KubernetesResource,
    _ query: WatchQuery,
    receive: (WatchEvent) async throws(APIError) -> Void
  ) async throws(APIError)

  /// Creates an object, or asks a question that is asked by creating (TokenReview).
  ///
  /// - Parameters:
  ///   - namespace: nil for kinds without one.
  ///   - subresource: of an object that is there, such as a ServiceAccount's `token`.
  func create(
    _ resource: KubernetesResource,
    _ object: JSONValue,
    namespace: String?,
    subresource: Subresource?
  ) async throws(APIError) -> JSONDocument

  /// Puts the object in the place of the one that is there: compare-and-set where it carries a `resourceVersion`.
  ///
  /// - Parameter subresource: such as `status`.
  func update(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ object: JSONValue,
    subresource: String?
  ) async throws(APIError) -> JSONDocument

  /// Changes parts of an object; an apply creates it where it is not there.
  func patch(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ patch: ObjectPatch,
    subresource: String?
  ) async throws(APIError) -> JSONDocument

  /// Deletes an object, if it is the one that the caller means.
  func delete(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ preconditions: DeletePreconditions
  ) async throws(APIError)

  /// What the server answers at a path outside of the kinds: `/version`, `/openid/v1/jwks`.
  func read(_ path: String) async throws(APIError) -> [UInt8]
}

/// `status`, `token` and the like, below an object.
package struct Subresource: Sendable, Hashable {
  /// The object's.
  package var name: String
  package var path: String

  package init(of name: String, _ path: String) {
    self.name = name
    self.path = path
  }
}
