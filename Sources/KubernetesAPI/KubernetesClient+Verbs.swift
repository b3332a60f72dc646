package import KubernetesObjects

extension KubernetesClient {
  /// Creates an object.
  @discardableResult
  package func create(_ resource: KubernetesResource, _ object: JSONValue) async throws(APIError) -> JSONDocument {
    try await create(resource, object, namespace: object["metadata"]?["namespace"]?.string, subresource: nil)
  }

  /// Puts the object in the place of the one of its name.
  @discardableResult
  package func update(_ resource: KubernetesResource, _ object: JSONValue) async throws(APIError) -> JSONDocument {
    try await update(resource, try Self.key(of: object), object, subresource: nil)
  }

  /// Writes the object's status and nothing else.
  @discardableResult
  package func updateStatus(_ resource: KubernetesResource, _ object: JSONValue) async throws(APIError) -> JSONDocument
  {
    try await update(resource, try Self.key(of: object), object, subresource: "status")
  }

  /// Server-side apply: the fields of `object` get these values and belong to `fieldManager`; what it applied before and
  /// leaves out now goes.
  ///
  /// - Parameter force: takes fields over from other managers, instead of a conflict.
  @discardableResult
  package func apply(
    _ resource: KubernetesResource,
    _ object: JSONValue,
    fieldManager: String,
    force: Bool = false
  ) async throws(APIError) -> JSONDocument {
    let patch = ObjectPatch.apply(object, fieldManager: fieldManager, force: force)
    return try await self.patch(resource, try Self.key(of: object), patch, subresource: nil)
  }

  @discardableResult
  package func patch(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ patch: ObjectPatch
  ) async throws(APIError) -> JSONDocument {
    try await self.patch(resource, key, patch, subresource: nil)
  }

  package func delete(_ resource: KubernetesResource, _ key: ObjectKey) async throws(APIError) {
    try await delete(resource, key, DeletePreconditions())
  }

  /// One object; nil where there is none.
  package func find(_ resource: KubernetesResource, _ key: ObjectKey) async throws(APIError) -> JSONDocument? {
    do {
      return try await get(resource, key)
    } catch let error where error.isNotFound {
      return nil
    }
  }

  /// Every object, page after page; from the start again where the server has forgotten what it was listing, a few times.
  package func listAll(
    _ resource: KubernetesResource,
    _ query: ListQuery = ListQuery()
  ) async throws(APIError) -> [JSONView] {
    var restarts = 0
    var objects: [JSONView] = []
    var query = query
    query.continuation = nil
    while true {
      do {
        let page = try await list(resource, query)
        objects += page.items
        guard let continuation = page.continuation else { return objects }
        query.continuation = continuation
      } catch let error where error.isExpired && query.continuation != nil && restarts < 3 {
        restarts += 1
        objects = []
        query.continuation = nil
      }
    }
  }

  private static func key(of object: JSONValue) throws(APIError) -> ObjectKey {
    guard let key = ObjectKey(of: object) else { throw .request("the object has no metadata.name; give it one") }
    return key
  }
}
