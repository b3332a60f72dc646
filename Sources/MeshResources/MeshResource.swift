package import EnvoyConfig

/// A resource of a mesh, decoded.
package enum MeshResource: Sendable {
  case listener(Envoy_Config_Listener_V3_Listener)
  case routes(Envoy_Config_Route_V3_RouteConfiguration)
  case cluster(Envoy_Config_Cluster_V3_Cluster)
  case endpoints(Envoy_Config_Endpoint_V3_ClusterLoadAssignment)
}

/// The types of resources that a sidecar asks for.
package enum MeshResourceType: String, Sendable, Hashable, CaseIterable {
  // In the order in which they become usable.
  case endpoints = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
  case cluster = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
  case routes = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
  case listener = "type.googleapis.com/envoy.config.listener.v3.Listener"

  package var isWildcard: Bool { self == .cluster || self == .listener }
}
