package import KubernetesObjects

/// Which traffic of a network namespace goes through the sidecar in it. Nothing does unasked: without ports no rule is
/// made.
package struct RedirectOptions: Sendable, Equatable {
  /// The sidecar's own traffic is told by either, and left alone.
  package var proxyUID: UInt32 = 1337
  package var proxyGID: UInt32 = 1337
  /// Where the sidecar takes what the application sends.
  package var outboundPort: UInt16 = 19080
  /// Where it takes what comes for the application.
  package var inboundPort: UInt16 = 19081
  /// Where it takes TLS of the mesh, straight.
  package var mtlsPort: UInt16 = 19443
  /// Its further ports, for metrics and health: straight too.
  package var ownPorts: [UInt16] = [15020, 15021]

  package var inboundPorts = PortSet.ports([])
  package var outboundPorts = PortSet.ports([])
  package var excludeInboundPorts: [PortRange] = []
  package var excludeOutboundPorts: [PortRange] = []
  /// Destinations that are captured; empty means any.
  package var includeOutboundCIDRs: [CIDR] = []
  package var excludeOutboundCIDRs: [CIDR] = []
  /// By name, or by its beginning and `+`.
  package var excludeInterfaces: [String] = []
  /// Users and groups of applications whose traffic is left alone.
  package var excludeUIDs: [UInt32] = []
  package var excludeGIDs: [UInt32] = []
  /// Whether packets are dropped that belong to no connection: undone by no address translation, they would reach a
  /// socket that answers with a reset.
  package var dropInvalid = false

  package init() {}

  /// All that the sidecar listens on.
  package var sidecarPorts: [UInt16] { [outboundPort, inboundPort, mtlsPort] + ownPorts }

  /// The Pod's ports that lead to the sidecar.
  var capturedInbound: Ports {
    Ports(inboundPorts, without: excludeInboundPorts + sidecarPorts.map(PortRange.init))
  }

  /// The ports of others that lead through it.
  var capturedOutbound: Ports { Ports(outboundPorts, without: excludeOutboundPorts) }

  func includedDestinations(_ family: AddressFamily) -> [AddressRange] {
    AddressRange.merged(includeOutboundCIDRs, family)
  }

  func excludedDestinations(_ family: AddressFamily) -> [AddressRange] {
    AddressRange.merged(excludeOutboundCIDRs, family)
  }

  /// Whether what comes and goes by the interface is left alone.
  package func excludesInterface(_ name: String) -> Bool {
    excludeInterfaces.contains { $0.hasSuffix("+") ? name.hasPrefix($0.dropLast()) : name == $0 }
  }

  /// Whether any connection of the family leads through the sidecar on its way out.
  func capturesOutbound(_ family: AddressFamily) -> Bool {
    !capturedOutbound.isEmpty && (includeOutboundCIDRs.isEmpty || !includedDestinations(family).isEmpty)
  }
}
