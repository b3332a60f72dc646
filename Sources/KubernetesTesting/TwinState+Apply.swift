import KubernetesAPI
import KubernetesObjects

extension TwinState {
  /// Server-side apply, for kinds whose lists are merged as ``FieldPaths`` knows it.
  mutating func apply(
    _ place: Place,
    _ configuration: JSONValue,
    manager: String,
    force: Bool
  ) throws(APIError) -> JSONValue {
    let configuration = try Self.checked(configuration, place.resource, place.key.namespace)
    // An empty map says nothing of what is in it.
    let applied = FieldPaths.leaves(of: configuration).filter { !($0.value.object?.isEmpty ?? false) }
    guard let before = objects[place] else {
      var object = configuration
      var metadata = object["metadata"] ?? .object([:])
      metadata["name"] = .string(place.key.name)
      object["metadata"] = metadata
      let created = try create(place.resource, object, namespace: place.key.namespace)
      owners[place] = [manager: Set(applied.keys)]
      return created
    }
    try Self.check(configuration, against: before, place)
    let current = FieldPaths.leaves(of: before)
    try settleConflicts(place, applied, current, manager: manager, force: force)

    var after = before
    for (path, leaf) in applied { after = FieldPaths.set(path[...], leaf, in: after) ?? after }
    // What it applied before, leaves out now, and shares with nobody goes.
    let others = Set((owners[place] ?? [:]).filter { $0.key != manager }.values.joined())
    for path in (owners[place]?[manager] ?? []).subtracting(applied.keys) where !others.contains(path) {
      after = FieldPaths.set(path[...], nil, in: after) ?? after
    }
    owners[place, default: [:]][manager] = Set(applied.keys)
    guard after != before else { return before }
    return put(place, after) ?? after
  }

  private mutating func settleConflicts(
    _ place: Place,
    _ applied: [FieldPaths.Path: JSONValue],
    _ current: [FieldPaths.Path: JSONValue],
    manager: String,
    force: Bool
  ) throws(APIError) {
    let changed = Set(applied.filter { current[$0.key] != $0.value }.keys)
    for (other, paths) in owners[place] ?? [:] where other != manager {
      let contested = paths.intersection(changed)
      guard !contested.isEmpty else { continue }
      guard force else {
        let fields = contested.map { FieldPaths.text($0) }.sorted().joined(separator: ", ")
        throw .twin(409, "Conflict", "Apply failed with 1 conflict: conflict with \"\(other)\": \(fields)")
      }
      owners[place]?[other]?.subtract(contested)
    }
  }
}
