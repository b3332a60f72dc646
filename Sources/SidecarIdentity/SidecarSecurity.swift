package import SPIFFE

/// What this sidecar wants of the traffic within the mesh.
package struct SidecarSecurity: Sendable, Hashable {
  package enum Mode: String, Sendable, CaseIterable {
    case permissive
    case strict
    case disabled
  }

  package var mode: Mode
  package var trustDomain: TrustDomain
  /// Nil: everyone of the mesh is served.
  package var allowedIdentities: [IdentityPattern]?
  /// The application's ports that are reached by mutual TLS.
  package var inboundPorts: [ClosedRange<Int>]

  package init(
    mode: Mode,
    trustDomain: TrustDomain,
    allowedIdentities: [IdentityPattern]? = nil,
    inboundPorts: [ClosedRange<Int>] = []
  ) {
    self.mode = mode
    self.trustDomain = trustDomain
    self.allowedIdentities = allowedIdentities
    self.inboundPorts = inboundPorts
  }
}

/// The port and the plugin of the sidecar that mutual TLS takes.
package enum MutualTLSNames {
  package static let plugin = "amesh-mtls"
  package static let port = 19443
  /// For clients that name no server; the `fallback_sni` of APISIX's configuration.
  package static let fallbackName = "amesh.internal"
  /// On an upstream: the name that its endpoints' certificates have, and the application's port there; where endpoints have
  /// different ones, in the metadata of each.
  package static let nameLabel = "amesh-name"
  package static let portLabel = "amesh-port"
}
