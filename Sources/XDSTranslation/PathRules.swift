import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// What a connection manager does to the path of each request before it is compared, and sent on.
struct PathRules: Sendable, Hashable {
  private var normalises = false
  private var mergesSlashes = false
  private var unescapesSlashes = false
  private var rejectsEscapedSlashes = false

  init() {}

  init(_ manager: ConnectionSettings.Manager, notes: inout Notes) {
    normalises = manager.normalizePath.value
    mergesSlashes = manager.mergeSlashes
    switch manager.pathWithEscapedSlashesAction {
    case .unescapeAndForward: unescapesSlashes = true
    case .unescapeAndRedirect:
      unescapesSlashes = true
      notes.add(.pathSpelling, "UNESCAPE_AND_REDIRECT")
    case .rejectRequest:
      rejectsEscapedSlashes = true
      notes.add(.pathSpelling, "REJECT_REQUEST")
    case .keepUnchanged, .implementationSpecificDefault, .UNRECOGNIZED: break
    }
  }

  /// For the sidecar's plugin; nil where paths stay as they are.
  var value: JSONValue? {
    var rules = JSONObject()
    if normalises { rules["normalises"] = true }
    if mergesSlashes { rules["merges_slashes"] = true }
    if unescapesSlashes { rules["unescapes_slashes"] = true }
    if rejectsEscapedSlashes { rules["rejects_escaped_slashes"] = true }
    return rules.isEmpty ? nil : .object(rules)
  }
}
