package import KubernetesObjects
package import Redirect

/// Which traffic of a Pod goes through its sidecar, mesh-wide; annotations of a Pod change it for that Pod.
package struct Capture: Sendable, Equatable {
  /// Destination ports that are captured. Per Pod: `include-outbound-ports`.
  package var outboundPorts = PortSet.ports([80, 8000, 8080].map(PortRange.init))
  /// Per Pod: `exclude-outbound-ports`.
  package var excludeOutboundPorts: [PortRange] = []
  /// Ports of the Pod that are never captured, whatever it declares. Per Pod: `exclude-inbound-ports`.
  package var excludeInboundPorts: [PortRange] = []
  /// Destinations that are captured; empty means any. Per Pod: `include-outbound-cidrs`.
  package var includeOutboundCIDRs: [CIDR] = []
  /// Per Pod: `exclude-outbound-cidrs`.
  package var excludeOutboundCIDRs: [CIDR] = []
  /// Per Pod: `exclude-interfaces`.
  package var excludeInterfaces: [String] = []
  /// Users whose traffic is left alone. Per Pod: `exclude-uids`.
  package var excludeUIDs: [UInt32] = []

  package init() {}
}

extension Capture {
  /// As the init container takes it; whose ports are captured inbound, each Pod says itself.
  var redirect: RedirectOptions {
    var options = RedirectOptions()
    options.outboundPorts = outboundPorts
    options.excludeOutboundPorts = excludeOutboundPorts
    options.excludeInboundPorts = excludeInboundPorts
    options.includeOutboundCIDRs = includeOutboundCIDRs
    options.excludeOutboundCIDRs = excludeOutboundCIDRs
    options.excludeInterfaces = excludeInterfaces
    options.excludeUIDs = excludeUIDs
    return options
  }
}
