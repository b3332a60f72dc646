package import EnvoyAPI

/// What is to be done after an event on a client's stream, in this order.
package enum XDSClientAction<Content: Sendable>: Sendable {
  case send(XDSClientRequest)
  /// The resources that are in use have changed.
  case apply(XDSChange<Content>)
  /// A resource was refused; the last good one, if any, stays in use. The server is told by the NACK beside it.
  case refused(XDSRefusal)
  /// The server sent a type that was not asked for; it is not answered.
  case unexpected(typeURL: String)
  /// What is in use is, for the first time, all that the server has. Comes once, after the first change.
  case ready
}

package enum XDSClientRequest: Sendable, Equatable {
  case delta(Envoy_Service_Discovery_V3_DeltaDiscoveryRequest)
  case stateOfTheWorld(Envoy_Service_Discovery_V3_DiscoveryRequest)
}

/// Resources that come into use, then resources that go out of use. The order is safe at each step: what comes finds what
/// it references, and what goes has no users left.
package struct XDSChange<Content: Sendable>: Sendable {
  package struct Setting: Sendable {
    package var resource: XDSReference
    package var content: Content
  }

  package var settings: [Setting] = []
  package var removals: [XDSReference] = []

  package init() {}

  package var isEmpty: Bool { settings.isEmpty && removals.isEmpty }
}

/// A resource that the client could not use.
package struct XDSRefusal: Sendable, Hashable {
  /// The name is empty where the resource is too broken to have one.
  package var resource: XDSReference
  package var version: String
  package var reason: String
}
