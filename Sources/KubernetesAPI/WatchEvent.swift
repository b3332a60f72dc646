package import KubernetesObjects

/// What a watch begins with and how long it may be.
package struct WatchQuery: Sendable, Hashable {
  package var selection: ObjectSelection
  /// Of a list, an object or a bookmark: changes after it are told.
  package var resourceVersion: String
  /// When the server shall end the watch.
  package var timeout: Duration

  package init(
    _ selection: ObjectSelection = ObjectSelection(),
    from resourceVersion: String,
    timeout: Duration = .seconds(300)
  ) {
    self.selection = selection
    self.resourceVersion = resourceVersion
    self.timeout = timeout
  }
}

/// What a watch tells.
package enum WatchEvent: Sendable {
  /// The server has taken the request; nothing has changed yet.
  case opened
  case added(JSONView)
  case modified(JSONView)
  /// The object as it was last.
  case deleted(JSONView)
  /// Everything up to this version has been told.
  case bookmark(resourceVersion: String)
}

extension WatchEvent {
  /// Reads one line of a watch; nil for an event of a type that came after us. The server's error is thrown.
  init?(_ document: JSONDocument) throws(APIError) {
    let root = document.root
    guard let type = root.string(of: "type"), let object = root["object"], object.kind == .object else {
      throw .invalidAnswer("a line of a watch that is no event; is this the address of an API server?")
    }
    switch type {
    case "ADDED": self = .added(object)
    case "MODIFIED": self = .modified(object)
    case "DELETED": self = .deleted(object)
    case "BOOKMARK":
      guard let version = object["metadata"]?.string(of: "resourceVersion"), !version.isEmpty else {
        throw .invalidAnswer("a bookmark without a resourceVersion")
      }
      self = .bookmark(resourceVersion: version)
    case "ERROR": throw .refused(KubernetesError(status: object, code: 500))
    default: return nil
    }
  }
}
