package import KubernetesObjects

/// One workload of a manifest.
package struct Workload: Sendable, Equatable {
  package var kind: String
  package var name: String
  /// Nil if the object does not say.
  package var namespace: String?
  /// Keys from the object to its Pod; empty for a Pod itself.
  package var path: [String]

  init(_ object: JSONValue, _ location: PodLocation) {
    kind = object["kind"]?.string ?? "object"
    let metadata = object["metadata"]
    name = metadata?["name"]?.string ?? metadata?["generateName"]?.string ?? "(no name)"
    namespace = metadata?["namespace"]?.string
    path = location.path
  }
}

/// Finds the Pods in a manifest's objects, those in Lists too, and puts others in their place.
enum ManifestVisitor {
  /// - Parameter transform: gets each Pod with its workload; nil leaves it as it is.
  static func map(_ object: JSONValue, _ transform: (JSONValue, Workload) -> JSONValue?) -> JSONValue {
    if let items = object["items"]?.array, object["kind"]?.string?.hasSuffix("List") == true {
      var list = object
      list["items"] = .array(items.map { map($0, transform) })
      return list
    }
    guard let location = PodLocation(in: object), let pod = location.pod(in: object),
      let changed = transform(pod, Workload(object, location))
    else { return object }
    return location.replacing(changed, in: object)
  }

  /// All objects, those in Lists too.
  static func flatten(_ objects: [JSONValue]) -> [JSONValue] {
    objects.flatMap { object in
      if let items = object["items"]?.array, object["kind"]?.string?.hasSuffix("List") == true { return flatten(items) }
      return [object]
    }
  }
}

extension Workload {
  /// The Pods and Pod templates of a manifest's objects, in their order.
  package static func pods(in objects: [JSONValue]) -> [(workload: Workload, pod: JSONValue)] {
    var pods: [(Workload, JSONValue)] = []
    for object in objects {
      _ = ManifestVisitor.map(object) { pod, workload in
        pods.append((workload, pod))
        return nil
      }
    }
    return pods
  }
}
