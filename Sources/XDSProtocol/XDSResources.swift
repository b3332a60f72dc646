/// What a subscriber may see of a server's resources, at one moment.
package protocol XDSResources {
  /// What there is to say of a name, of a type given by its URL.
  func lookUp(_ name: String, typeURL: String) -> XDSLookup
}

package enum XDSLookup: Sendable, Hashable {
  case found(XDSResource)
  /// Nothing is said now: the resource is yet to be made, or the last one stays good until there is another.
  case pending
  /// There is no such resource. Delta subscribers are told; state of the world has no words for it.
  case absent
  /// This subscriber may not ask for it: the stream is closed.
  case refused
}

/// Resources by name, for one type. What is not in it is absent.
package struct XDSSnapshot: XDSResources, Sendable, Equatable {
  package var typeURL: String
  package var resources: [String: XDSResource]

  package init(typeURL: String, resources: [String: XDSResource] = [:]) {
    self.typeURL = typeURL
    self.resources = resources
  }

  package func lookUp(_ name: String, typeURL: String) -> XDSLookup {
    guard typeURL == self.typeURL, let resource = resources[name] else { return .absent }
    return .found(resource)
  }
}
