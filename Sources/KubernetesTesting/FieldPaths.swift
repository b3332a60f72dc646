import KubernetesObjects

/// The leaves of an object by where they are, as server-side apply sees them: lists whose elements have names are merged by
/// name, other lists are one value.
enum FieldPaths {
  typealias Path = [Step]

  enum Step: Hashable, Sendable {
    case member(String)
    case named(String)
  }

  /// What nobody applies: it says which object this is.
  private static let identity: Set<Path> = Set(
    [["apiVersion"], ["kind"]].map { $0.map { .member($0) } }
      + [
        "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields",
        "deletionTimestamp",
      ].map { [.member("metadata"), .member($0)] }
  )
  private static let namedLists: Set<String> = ["webhooks", "containers", "initContainers", "env", "volumes"]

  static func leaves(of object: JSONValue) -> [Path: JSONValue] {
    var leaves: [Path: JSONValue] = [:]
    collect(object, [], &leaves)
    for path in identity { leaves[path] = nil }
    return leaves
  }

  private static func collect(_ value: JSONValue, _ path: Path, _ leaves: inout [Path: JSONValue]) {
    if let object = value.object, !object.isEmpty {
      for (key, value) in object { collect(value, path + [.member(key)], &leaves) }
    } else if let elements = named(value, path) {
      for (name, element) in elements { collect(element, path + [.named(name)], &leaves) }
    } else {
      leaves[path] = value
    }
  }

  private static func named(_ value: JSONValue, _ path: Path) -> [(String, JSONValue)]? {
    guard case .member(let field)? = path.last, namedLists.contains(field), let elements = value.array,
      !elements.isEmpty
    else { return nil }
    let named = elements.compactMap { element in element["name"]?.string.map { ($0, element) } }
    return named.count == elements.count ? named : nil
  }

  /// The object with a leaf set, or with what is there removed (nil), empty parents included.
  static func set(_ path: ArraySlice<Step>, _ leaf: JSONValue?, in value: JSONValue?) -> JSONValue? {
    guard let step = path.first else { return leaf }
    switch step {
    case .member(let key):
      var object = value?.object ?? JSONObject()
      object[key] = set(path.dropFirst(), leaf, in: object[key])
      return leaf == nil && object.isEmpty ? JSONValue?.none : .object(object)
    case .named(let name):
      var elements = value?.array ?? []
      let place = elements.firstIndex { $0["name"]?.string == name }
      let element = set(path.dropFirst(), leaf, in: place.map { elements[$0] })
      switch (place, element) {
      case (let place?, let element?): elements[place] = element
      case (let place?, nil): elements.remove(at: place)
      case (nil, let element?): elements.append(element)
      case (nil, nil): break
      }
      return leaf == nil && elements.isEmpty ? JSONValue?.none : .array(elements)
    }
  }

  static func text(_ path: Path) -> String {
    path.map { step in
      switch step {
      case .member(let key): ".\(key)"
      case .named(let name): "[name=\"\(name)\"]"
      }
    }.joined()
  }
}
