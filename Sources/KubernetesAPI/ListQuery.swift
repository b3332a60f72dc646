package import KubernetesObjects

/// Which objects: all of a kind, or those that match all that is given.
package struct ObjectSelection: Sendable, Hashable {
  /// Nil for those of every namespace.
  package var namespace: String?
  /// `app=web,tier!=db`, as `kubectl -l` takes it.
  package var labels: String?
  /// `metadata.name=amesh-root`, as `kubectl --field-selector` takes it.
  package var fields: String?

  package init(namespace: String? = nil, labels: String? = nil, fields: String? = nil) {
    self.namespace = namespace
    self.labels = labels
    self.fields = fields
  }
}

/// One page of a list.
package struct ListQuery: Sendable, Hashable {
  package var selection: ObjectSelection
  /// Objects on a page at most.
  package var limit: Int
  /// Where the page before ended.
  package var continuation: String?

  package init(_ selection: ObjectSelection = ObjectSelection(), limit: Int = 500, continuation: String? = nil) {
    self.selection = selection
    self.limit = limit
    self.continuation = continuation
  }
}

/// What a list answered.
package struct ListPage: Sendable {
  package var items: [JSONView]
  /// Of the whole list; a watch goes on from here.
  package var resourceVersion: String
  /// Nil on the last page.
  package var continuation: String?

  package init(items: [JSONView], resourceVersion: String, continuation: String? = nil) {
    self.items = items
    self.resourceVersion = resourceVersion
    self.continuation = continuation
  }

  /// Reads a `…List`.
  init(_ document: JSONDocument) throws(APIError) {
    let root = document.root
    guard let metadata = root["metadata"], let version = metadata.string(of: "resourceVersion"), !version.isEmpty else {
      throw .invalidAnswer("a list without a resourceVersion; is this the address of an API server?")
    }
    // The list of no objects may be null.
    let items = root["items"].map { $0.kind == .array ? Array($0.elements) : [] } ?? []
    let continuation = metadata.string(of: "continue").flatMap { $0.isEmpty ? nil : $0 }
    self.init(items: items, resourceVersion: version, continuation: continuation)
  }
}
