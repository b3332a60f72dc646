import KubernetesAPI
import KubernetesObjects

extension TwinState {
  /// The manager of what is created and updated, not applied.
  static let updater = "amesh"
  private static let withStatus: Set<KubernetesResource> = [
    .pods, .namespaces, .nodes, .services, .deployments, .replicaSets, .customResourceDefinitions,
  ]
  /// Kinds that take no update without a resourceVersion.
  private static let conditional: Set<KubernetesResource> = [
    .leases, .mutatingWebhookConfigurations, .validatingWebhookConfigurations, .customResourceDefinitions,
  ]

  mutating func create(
    _ resource: KubernetesResource,
    _ object: JSONValue,
    namespace: String?
  ) throws(APIError) -> JSONValue {
    var object = try Self.checked(object, resource, namespace)
    var metadata = object["metadata"] ?? .object([:])
    if metadata["name"]?.string == nil, let prefix = metadata["generateName"]?.string {
      metadata["name"] = .string("\(prefix)\(String(100_000 + number(), radix: 36))")
    }
    guard let name = metadata["name"]?.string, KubernetesName.isSubdomain(name) else {
      throw .twin(
        422,
        "Invalid",
        "\(resource.kind) is invalid: metadata.name: Required value: name or generateName is required"
      )
    }
    guard metadata["resourceVersion"] == nil else {
      throw .twin(400, "BadRequest", "resourceVersion should not be set on objects to be created")
    }
    if let namespace, objects[Place(resource: .namespaces, key: ObjectKey(name: namespace))] == nil {
      throw .twin(404, "NotFound", "namespaces \"\(namespace)\" not found")
    }
    let place = Place(resource: resource, key: ObjectKey(namespace: namespace, name: name))
    guard objects[place] == nil else {
      throw .twin(409, "AlreadyExists", "\(resource) \"\(name)\" already exists")
    }
    metadata["namespace"] = namespace.map { .string($0) }
    metadata["uid"] = .string("00000000-0000-4000-8000-\(String(1_000_000_000_000 + number()).dropFirst())")
    metadata["creationTimestamp"] = "2026-01-01T00:00:00Z"
    object["metadata"] = metadata
    owners[place] = [Self.updater: Set(FieldPaths.leaves(of: object).keys)]
    return put(place, object) ?? object
  }

  mutating func update(_ place: Place, _ object: JSONValue, subresource: String?) throws(APIError) -> JSONValue {
    let object = try Self.checked(object, place.resource, place.key.namespace)
    if Self.conditional.contains(place.resource), object["metadata"]?["resourceVersion"] == nil {
      throw .twin(422, "Invalid", "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update")
    }
    return try replace(place, with: object, subresource: subresource)
  }

  /// Puts a changed object in the place of the one that is there.
  private mutating func replace(
    _ place: Place,
    with changed: JSONValue,
    subresource: String?
  ) throws(APIError) -> JSONValue {
    let before = try object(place)
    try Self.check(changed, against: before, place)
    var after = changed
    if subresource == "status" {
      after = before
      after["status"] = changed["status"]
    } else if Self.withStatus.contains(place.resource) {
      after["status"] = before["status"]
    }
    var metadata = after["metadata"] ?? .object([:])
    for field in ["uid", "creationTimestamp", "name", "namespace", "resourceVersion"] {
      metadata[field] = before["metadata"]?[field]
    }
    after["metadata"] = metadata
    // What changes nothing is no new version.
    guard after != before else { return before }
    let (old, new) = (FieldPaths.leaves(of: before), FieldPaths.leaves(of: after))
    let touched = Set(new.filter { old[$0.key] != $0.value }.keys).union(old.keys.filter { new[$0] == nil })
    for manager in (owners[place] ?? [:]).keys { owners[place]?[manager]?.subtract(touched) }
    owners[place, default: [:]][Self.updater, default: []].formUnion(touched.filter { new[$0] != nil })
    return put(place, after) ?? after
  }

  mutating func patch(_ place: Place, _ patch: ObjectPatch, subresource: String?) throws(APIError) -> JSONValue {
    switch patch {
    case .merge(let change):
      return try replace(place, with: MergePatch.apply(change, to: try object(place)), subresource: subresource)
    case .json(let operations):
      let changed: JSONValue
      do {
        changed = try operations.apply(to: try object(place))
      } catch let error as APIError {
        throw error
      } catch {
        throw .twin(422, "Invalid", "the server rejected our request due to an error in our request: \(error)")
      }
      return try replace(place, with: changed, subresource: subresource)
    case .apply(let object, let manager, let force):
      return try apply(place, object, manager: manager, force: force)
    }
  }

  mutating func delete(_ place: Place, _ preconditions: DeletePreconditions) throws(APIError) {
    let metadata = try object(place)["metadata"]
    for (wanted, field) in [(preconditions.uid, "uid"), (preconditions.resourceVersion, "resourceVersion")] {
      if let wanted, metadata?[field]?.string != wanted {
        throw .twin(409, "Conflict", "Precondition failed: \(field) in precondition: \(wanted)")
      }
    }
    put(place, nil)
    guard place.resource == .namespaces else { return }
    // A namespace takes what is in it along.
    for inner in objects.keys where inner.key.namespace == place.key.name { put(inner, nil) }
  }

  static func check(_ changed: JSONValue, against before: JSONValue, _ place: Place) throws(APIError) {
    for field in ["resourceVersion", "uid"] {
      guard let wanted = changed["metadata"]?[field]?.string, !wanted.isEmpty else { continue }
      if wanted != before["metadata"]?[field]?.string {
        throw .twin(
          409,
          "Conflict",
          "Operation cannot be fulfilled on \(place.resource) \"\(place.key.name)\": the object has been modified; "
            + "please apply your changes to the latest version and try again"
        )
      }
    }
  }

  static func checked(
    _ object: JSONValue,
    _ resource: KubernetesResource,
    _ namespace: String?
  ) throws(APIError) -> JSONValue {
    let kind = (object["apiVersion"]?.string ?? resource.apiVersion, object["kind"]?.string ?? resource.kind)
    guard kind == (resource.apiVersion, resource.kind) else {
      throw .twin(400, "BadRequest", "\(kind.1) in version \"\(kind.0)\" cannot be handled as a \(resource.kind)")
    }
    if let own = object["metadata"]?["namespace"]?.string, own != namespace {
      throw .twin(
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request"
      )
    }
    var object = object
    object["apiVersion"] = .string(kind.0)
    object["kind"] = .string(kind.1)
    return object
  }
}
