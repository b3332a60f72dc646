import EnvoyAPI
package import SPIFFE

/// Another Pod of the mesh, as `amesh serve` tells it.
package struct Peer: Sendable, Hashable {
  package var identity: WorkloadIdentity
  /// Nil where it takes no mutual TLS.
  package var mtlsPort: Int?
  /// The application's ports that are reached by it.
  package var inboundPorts: [ClosedRange<Int>]

  package init(identity: WorkloadIdentity, mtlsPort: Int?, inboundPorts: [ClosedRange<Int>]) {
    self.identity = identity
    self.mtlsPort = mtlsPort
    self.inboundPorts = inboundPorts
  }

  /// Nil for what can't be used.
  init?(_ message: Amesh_Workload_V1_Workload) {
    guard message.mtlsPort <= 65535, let id = try? SPIFFEID(message.spiffeID), let identity = try? WorkloadIdentity(id)
    else { return nil }
    self.identity = identity
    mtlsPort = message.mtlsPort == 0 ? nil : Int(message.mtlsPort)
    inboundPorts = message.inboundPorts.compactMap {
      $0.first <= $0.last ? Int($0.first)...Int($0.last) : nil
    }
  }

  func takesMutualTLS(for port: Int) -> Bool { mtlsPort != nil && inboundPorts.contains { $0.contains(port) } }
}

/// What is known of an address.
package enum PeerStanding: Sendable, Hashable {
  /// Nothing yet.
  case unknown
  /// There is no Pod of the mesh.
  case outside
  case peer(Peer)
}
