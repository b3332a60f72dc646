package import SidecarSettings
package import XDSProtocol

/// What a client has to tell, in the order in which it happened.
package enum XDSClientReport<Content: Sendable>: Sendable {
  case connected(XDSSource)
  /// With the reason, and how long it will be before the next attempt.
  case disconnected(XDSSource?, reason: String, retryIn: Duration)
  /// The server has no delta protocol: it is asked for the state of the world from now on.
  case fallsBack(XDSSource)
  case apply(XDSChange<Content>)
  case refused(XDSRefusal)
  case unexpected(typeURL: String)
  case ready
}

/// What a client is at, for people.
package struct XDSClientStatus: Sendable {
  /// Of the stream that is open.
  package var source: XDSSource?
  package var variant: XDSVariant
  package var lastFailure: String?
  package var types: [XDSTypeStanding]
  package var refusals: [XDSRefusal]
  package var isReady: Bool
  package var responses: Int
  package var connections: Int
}
