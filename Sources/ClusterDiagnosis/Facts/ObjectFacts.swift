import KubernetesObjects

/// What every object says of itself.
struct ObjectFacts: Sendable {
  var namespace: String?
  var name: String
  var labels: [String: String]
  var annotations: [String: String]
  var isBeingDeleted: Bool

  /// Nil for what is no object with a name.
  init?(_ object: JSONView) {
    guard let metadata = object["metadata"], let name = metadata.string(of: "name"), !name.isEmpty else { return nil }
    self.name = name
    namespace = metadata.string(of: "namespace")
    labels = metadata.texts("labels")
    annotations = metadata.texts("annotations")
    isBeingDeleted = metadata.string(of: "deletionTimestamp") != nil
  }
}

extension JSONView {
  /// A map of strings; what is no string is left out.
  func texts(_ key: StaticString) -> [String: String] {
    var texts: [String: String] = [:]
    for (key, value) in self[key]?.members.map({ $0 }) ?? [] {
      if let key = key.string, let value = value.string { texts[key] = value }
    }
    return texts
  }

  /// A list of strings; what is no string is left out.
  func list(_ key: StaticString) -> [String] { self[key]?.elements.compactMap(\.string) ?? [] }

  /// A list of anything.
  func parts(_ key: StaticString) -> [JSONView] { self[key]?.elements.map { $0 } ?? [] }
}
