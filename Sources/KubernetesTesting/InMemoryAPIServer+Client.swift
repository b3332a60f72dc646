package import KubernetesAPI
package import KubernetesObjects

extension InMemoryAPIServer: KubernetesClient {
  package func get(_ resource: KubernetesResource, _ key: ObjectKey) async throws(APIError) -> JSONDocument {
    let place = TwinState.Place(resource: resource, key: key)
    return try await answer(TwinRequest(verb: "get", resource: resource, name: key.name)) { state throws(APIError) in
      try TwinState.document(try state.objects.object(place))
    }
  }

  package func list(_ resource: KubernetesResource, _ query: ListQuery) async throws(APIError) -> ListPage {
    let request = TwinRequest(verb: "list", resource: resource, position: query.continuation)
    return try await answer(request) { state throws(APIError) in try state.objects.list(resource, query) }
  }

  package func watch(
    _ resource: KubernetesResource,
    _ query: WatchQuery,
    receive: (WatchEvent) async throws(APIError) -> Void
  ) async throws(APIError) {
    let request = TwinRequest(verb: "watch", resource: resource, position: query.resourceVersion)
    let (stream, events) = AsyncThrowingStream.makeStream(of: WatchEvent.self)
    let number = try await answer(request) { state throws(APIError) in
      for change in try state.objects.changes(since: query.resourceVersion) {
        if let event = change.event(for: query.selection, of: resource) { events.yield(event) }
      }
      let number = state.objects.number()
      state.watchers[number] = Watcher(resource: resource, selection: query.selection, events: events)
      return number
    }
    defer { observed.change { $0.watchers[number] = nil } }
    try await receive(.opened)
    do {
      for try await event in stream { try await receive(event) }
    } catch let error as APIError {
      throw error
    } catch {
      throw .cut
    }
    if Task.isCancelled { throw .transport(TransportError(.cancelled, "")) }
  }

  package func create(
    _ resource: KubernetesResource,
    _ object: JSONValue,
    namespace: String?,
    subresource: Subresource?
  ) async throws(APIError) -> JSONDocument {
    let name = subresource?.name ?? object["metadata"]?["name"]?.string
    return try await answer(TwinRequest(verb: "create", resource: resource, name: name)) { state throws(APIError) in
      if let subresource, subresource.path == "token" {
        let key = ObjectKey(namespace: namespace, name: subresource.name)
        return try TwinState.document(try state.issueToken(key, object))
      }
      if let answer = state.question(resource, object) { return try TwinState.document(answer) }
      return try TwinState.document(try state.objects.create(resource, object, namespace: namespace))
    }
  }

  package func update(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ object: JSONValue,
    subresource: String?
  ) async throws(APIError) -> JSONDocument {
    let place = TwinState.Place(resource: resource, key: key)
    return try await answer(TwinRequest(verb: "update", resource: resource, name: key.name)) { state throws(APIError) in
      try TwinState.document(try state.objects.update(place, object, subresource: subresource))
    }
  }

  package func patch(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ patch: ObjectPatch,
    subresource: String?
  ) async throws(APIError) -> JSONDocument {
    let place = TwinState.Place(resource: resource, key: key)
    let request = TwinRequest(verb: "patch", resource: resource, namespace: key.namespace, name: key.name)
    return try await answer(request) { state throws(APIError) in
      try TwinState.document(try state.objects.patch(place, patch, subresource: subresource))
    }
  }

  package func delete(
    _ resource: KubernetesResource,
    _ key: ObjectKey,
    _ preconditions: DeletePreconditions
  ) async throws(APIError) {
    let place = TwinState.Place(resource: resource, key: key)
    try await answer(TwinRequest(verb: "delete", resource: resource, name: key.name)) { state throws(APIError) in
      try state.objects.delete(place, preconditions)
    }
  }

  package func read(_ path: String) async throws(APIError) -> [UInt8] {
    try await answer(TwinRequest(verb: "read", name: path)) { state throws(APIError) in
      guard let document = state.documents[path] else {
        throw .twin(404, "NotFound", "the server could not find the requested resource")
      }
      return document
    }
  }
}
