import EnvoyConfig
import SwiftProtobuf

/// A cluster with its endpoints.
struct ClusterState: Sendable, Hashable {
  let message: Envoy_Config_Cluster_V3_Cluster
  let summary: ClusterSummary
  let connection: UpstreamConnection
  let connectionNotes: Set<Note>
  private(set) var endpoints: EndpointSelection
  /// Where a mirror goes; the first endpoint by name, so that it seldom changes.
  private(set) var mirrorTarget: String?

  init(_ message: Envoy_Config_Cluster_V3_Cluster, assignment: Envoy_Config_Endpoint_V3_ClusterLoadAssignment?) {
    self.message = message
    var notes = Notes("cluster \(message.name)")
    connection = UpstreamConnection(message, notes: &notes)
    connectionNotes = notes.notes
    summary = ClusterSummary(message, over: connection, notes: connectionNotes)
    endpoints = EndpointSelection(assignment ?? message.loadAssignment, of: message)
    setMirrorTarget()
  }

  mutating func setAssignment(_ assignment: Envoy_Config_Endpoint_V3_ClusterLoadAssignment?) {
    endpoints = EndpointSelection(assignment ?? .init(), of: message)
    setMirrorTarget()
  }

  /// The name by which EDS has the endpoints; nil where they come with the cluster.
  var assignmentName: String? {
    guard message.clusterDiscoveryType == .type(.eds) else { return nil }
    return message.edsClusterConfig.serviceName.isEmpty ? message.name : message.edsClusterConfig.serviceName
  }

  private mutating func setMirrorTarget() {
    let scheme = connection.scheme
    // APISIX verifies nobody whom it sends a copy.
    mirrorTarget =
      !connection.isPossible || connection.tls?.authorities != nil
      ? nil
      : endpoints.nodes.filter { $0.rank == 0 }.map(\.authority).min().flatMap { authority in
        // The pattern of proxy-mirror's schema.
        authority.contains("_") ? nil : "\(scheme)://\(authority)"
      }
  }
}
