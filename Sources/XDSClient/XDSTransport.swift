package import EnvoyAPI
package import SidecarSettings
package import XDSProtocol

/// How a stream is carried.
package protocol XDSTransport: Sendable {
  /// Carries one stream until it ends.
  /// - Parameters:
  ///   - requests: go out in this order; their end ends the stream.
  ///   - opened: called when a server is connected, before anything is said.
  ///   - received: called with each response, in order; the next one waits for it.
  func stream(
    to source: XDSSource,
    variant: XDSVariant,
    requests: AsyncStream<XDSClientRequest>,
    opened: @escaping @Sendable () async -> Void,
    received: @escaping @Sendable (XDSResponse) async -> Void
  ) async throws(XDSStreamFailure)
}

package enum XDSVariant: Sendable, Hashable {
  case delta
  case stateOfTheWorld
}

package enum XDSResponse: Sendable {
  case delta(Envoy_Service_Discovery_V3_DeltaDiscoveryResponse)
  case stateOfTheWorld(Envoy_Service_Discovery_V3_DiscoveryResponse)
}

/// Why a stream ended.
package struct XDSStreamFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// The server does not know the method.
  package var isUnimplemented: Bool
  /// The server does not know who calls.
  package var isUnauthenticated: Bool
  package var description: String
  /// The server has said so.
  package var isEnd: Bool { self == .end }

  package static let end = XDSStreamFailure("the server has ended the stream")

  package init(_ description: String, isUnimplemented: Bool = false, isUnauthenticated: Bool = false) {
    self.isUnimplemented = isUnimplemented
    self.isUnauthenticated = isUnauthenticated
    self.description = description
  }
}
