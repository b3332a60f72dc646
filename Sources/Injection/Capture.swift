package import KubernetesObjects

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

/// Ports by list, or all of them.
package enum PortSet: Sendable, Equatable {
  case all
  case ports([PortRange])
}

/// One TCP port, or several in a row, both ends included.
package struct PortRange: Sendable, Hashable {
  package var first: UInt16
  package var last: UInt16

  package init(_ port: UInt16) {
    first = port
    last = port
  }

  /// Nil when `last` is before `first`.
  package init?(first: UInt16, last: UInt16) {
    guard first <= last else { return nil }
    self.first = first
    self.last = last
  }
}
