import KubernetesObjects

/// RFC 7396.
enum MergePatch {
  static func apply(_ patch: JSONValue, to value: JSONValue?) -> JSONValue {
    guard let members = patch.object else { return patch }
    var object = value?.object ?? JSONObject()
    for (key, change) in members {
      // Not `nil`, which is a JSON value too.
      object[key] = change.isNull ? JSONValue?.none : apply(change, to: object[key])
    }
    return .object(object)
  }
}
