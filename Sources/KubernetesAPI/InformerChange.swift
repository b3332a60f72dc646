import KubernetesObjects

/// What has become of an object's projection.
package enum InformerChange<Value: Sendable & Equatable>: Sendable, Equatable {
  case added(ObjectKey, Value)
  case changed(ObjectKey, from: Value, to: Value)
  case removed(ObjectKey, Value)

  package var key: ObjectKey {
    switch self {
    case .added(let key, _), .changed(let key, _, _), .removed(let key, _): key
    }
  }
}

/// An object as it came: what is kept of it, and which state of it that is.
package struct ObservedObject<Value: Sendable & Equatable>: Sendable, Equatable {
  package var key: ObjectKey
  package var resourceVersion: String
  /// Nil for an object that is of no interest.
  package var value: Value?

  package init(key: ObjectKey, resourceVersion: String, value: Value?) {
    self.key = key
    self.resourceVersion = resourceVersion
    self.value = value
  }

  /// Nil for what is no object with a name.
  init?(_ object: JSONView, projection: (JSONView) -> Value?) {
    guard let metadata = ObjectMetadata(of: object) else { return nil }
    self.init(key: metadata.key, resourceVersion: metadata.resourceVersion, value: projection(object))
  }
}
