import EnvoyConfig
import XDSProtocol

/// The clusters that routes send requests to.
enum RouteReferences {
  static func clusters(_ routes: Envoy_Config_Route_V3_RouteConfiguration) -> [XDSReference] {
    var names: Set<String> = []
    for host in routes.virtualHosts {
      for policy in host.requestMirrorPolicies { names.insert(policy.cluster) }
      for route in host.routes {
        guard case .route(let action) = route.action else { continue }
        switch action.clusterSpecifier {
        case .cluster(let name): names.insert(name)
        case .weightedClusters(let weighted): for cluster in weighted.clusters { names.insert(cluster.name) }
        case .clusterHeader, .clusterSpecifierPlugin, nil: break
        }
        for policy in action.requestMirrorPolicies { names.insert(policy.cluster) }
      }
    }
    names.remove("")
    return names.sorted().map { XDSReference(typeURL: MeshResourceType.cluster.rawValue, name: $0) }
  }
}
