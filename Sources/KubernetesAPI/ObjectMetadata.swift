package import KubernetesObjects

/// What `metadata` says of an object, as far as it is the same for every kind.
package struct ObjectMetadata: Sendable, Hashable {
  package var key: ObjectKey
  package var uid: String
  /// Opaque: the only questions to it are whether two are the same and what has come since.
  package var resourceVersion: String
  package var labels: [String: String]
  /// The object is on its way out and waits for its finalizers or its grace period.
  package var isBeingDeleted: Bool

  /// Nil for what is no object with a name.
  package init?(of object: JSONView) {
    guard let key = ObjectKey(of: object), let metadata = object["metadata"] else { return nil }
    self.key = key
    uid = metadata.string(of: "uid") ?? ""
    resourceVersion = metadata.string(of: "resourceVersion") ?? ""
    labels = metadata.strings(of: "labels")
    isBeingDeleted = metadata.string(of: "deletionTimestamp") != nil
  }
}

extension JSONView {
  /// A map of strings, such as labels; what is no string is left out.
  package func strings(of key: StaticString) -> [String: String] {
    guard let members = self[key]?.members else { return [:] }
    var strings: [String: String] = [:]
    for (key, value) in members {
      guard let key = key.string, let value = value.string else { continue }
      strings[key] = value
    }
    return strings
  }
}
