package import KubernetesObjects

/// Where an object is among those of its kind.
package struct ObjectKey: Sendable, Hashable {
  /// Nil for kinds without a namespace.
  package var namespace: String?
  package var name: String

  package init(namespace: String? = nil, name: String) {
    self.namespace = namespace
    self.name = name
  }

  /// Reads `metadata`; nil for what is no object with a name.
  package init?(of object: JSONView) {
    guard let metadata = object["metadata"], let name = metadata.string(of: "name"), !name.isEmpty else { return nil }
    self.init(namespace: metadata.string(of: "namespace"), name: name)
  }

  /// The same of an object that is being built.
  package init?(of object: JSONValue) {
    guard let name = object["metadata"]?["name"]?.string, !name.isEmpty else { return nil }
    self.init(namespace: object["metadata"]?["namespace"]?.string, name: name)
  }
}

extension ObjectKey: CustomStringConvertible {
  /// `namespace/name`, or the name alone.
  package var description: String { namespace.map { "\($0)/\(name)" } ?? name }
}
