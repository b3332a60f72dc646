package import KubernetesObjects

/// How a part of an object is changed.
package enum ObjectPatch: Sendable {
  /// RFC 7396.
  case merge(JSONValue)
  /// RFC 6902; its `test` operations are preconditions.
  case json(JSONPatch)
  /// Server-side apply.
  case apply(JSONValue, fieldManager: String, force: Bool)

  package var body: JSONValue {
    switch self {
    case .merge(let value): value
    case .json(let patch): patch.value
    case .apply(let object, _, _): object
    }
  }

  var contentType: String {
    switch self {
    case .merge: "application/merge-patch+json"
    case .json: "application/json-patch+json"
    // JSON is YAML, and this is the one name that every server knows.
    case .apply: "application/apply-patch+yaml"
    }
  }

  var query: [(String, String)] {
    switch self {
    case .merge, .json: []
    case .apply(_, let fieldManager, let force):
      [("fieldManager", fieldManager), ("force", force ? "true" : "false")]
    }
  }
}

/// Which object may be deleted; nil for whatever is there.
package struct DeletePreconditions: Sendable, Hashable {
  package var uid: String?
  package var resourceVersion: String?

  package init(uid: String? = nil, resourceVersion: String? = nil) {
    self.uid = uid
    self.resourceVersion = resourceVersion
  }

  var options: JSONValue {
    var preconditions = JSONObject()
    preconditions["uid"] = uid.map { .string($0) }
    preconditions["resourceVersion"] = resourceVersion.map { .string($0) }
    var options: JSONValue = ["apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"]
    if !preconditions.isEmpty { options["preconditions"] = .object(preconditions) }
    return options
  }
}
