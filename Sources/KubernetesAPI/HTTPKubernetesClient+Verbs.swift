package import KubernetesObjects

extension HTTPKubernetesClient: KubernetesClient {
  package func get(_ resource: KubernetesResource, _ key: ObjectKey) async throws(APIError) -> JSONDocument {
    try Self.document(try await send(Call(.get, resource, namespace: key.namespace, name: key.name)))
  }

  package func list(_ resource: KubernetesResource, _ query: ListQuery) async throws(APIError) -> ListPage {
    var call = try Call(.list, resource, namespace: query.selection.namespace)
    call.select(query.selection)
    call.query.append(("limit", "\(query.limit)"))
    if let continuation = query.continuation { call.query.append(("continue", continuation)) }
    return try ListPage(try Self.document(try await send(call)))
  }

  package func create(
    _ resource: KubernetesResource,
    _ object: JSONValue,
    namespace: String?,
    subresource: Subresource?
  ) async throws(APIError) -> JSONDocument {
    guard namespace != nil || !resource.isNamespaced else {
      throw .request("\(resource) are in namespaces; give the object a metadata.namespace")
    }
    var call = try Call(
      .create,
      resource,
      namespace: namespace,
      name: subresource?.name,
      subresource: subresource?.path
    )
    call.body = object.serialized()
    return try Self.document(try await send(call))
  }

  package func update(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ object: JSONValue,
    subresource: String?
  ) async throws(APIError) -> JSONDocument {
    var call = try Call(.update, resource, namespace: key.namespace, name: key.name, subresource: subresource)
    call.body = object.serialized()
    return try Self.document(try await send(call))
  }

  package func patch(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ patch: ObjectPatch,
    subresource: String?
  ) async throws(APIError) -> JSONDocument {
    var call = try Call(.patch, resource, namespace: key.namespace, name: key.name, subresource: subresource)
    call.query = patch.query
    call.contentType = patch.contentType
    call.body = patch.body.serialized()
    return try Self.document(try await send(call))
  }

  package func delete(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ preconditions: DeletePreconditions
  ) async throws(APIError) {
    var call = try Call(.delete, resource, namespace: key.namespace, name: key.name)
    call.body = preconditions.options.serialized()
    _ = try await send(call)
  }

  package func read(_ path: String) async throws(APIError) -> [UInt8] {
    try await send(try Call(reading: path))
  }

  private static func document(_ bytes: [UInt8]) throws(APIError) -> JSONDocument {
    do {
      return try JSONDocument(parsing: bytes)
    } catch {
      throw .invalidAnswer("\(error)")
    }
  }
}
