package import EnvoyAPI
package import SidecarIdentity
package import SidecarSettings

/// The two streams to the identity server.
package enum IdentityStreamKind: Sendable, Hashable {
  case secrets
  case workloads
}

/// How they are carried.
package protocol IdentityTransport: Sendable {
  /// Carries both over one connection until one of them ends.
  ///
  /// - Parameters:
  ///   - certificate: shown instead of the token; nil: the token is.
  ///   - requests: of a kind, in order.
  ///   - opened: called when the server is connected, before anything is said.
  ///   - received: called with each response, one after the other of each kind.
  func hold(
    _ source: XDSSource,
    showing certificate: SidecarCertificate?,
    requests: @escaping @Sendable (IdentityStreamKind) -> AsyncStream<Envoy_Service_Discovery_V3_DeltaDiscoveryRequest>,
    opened: @escaping @Sendable () async -> Void,
    received: @escaping @Sendable (IdentityStreamKind, Envoy_Service_Discovery_V3_DeltaDiscoveryResponse) async -> Void
  ) async throws(XDSStreamFailure)
}
