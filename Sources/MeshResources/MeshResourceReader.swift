import EnvoyConfig
package import SwiftProtobuf
package import XDSProtocol

/// Decodes resources once, and finds what they reference.
package struct MeshResourceReader: XDSResourceReader {
  /// Far more than any resource has; the decoder's own limit on nesting applies too.
  package static let maximumBytes = 16 << 20

  package init() {}

  package static let types = MeshResourceType.allCases.map {
    XDSClientType(typeURL: $0.rawValue, isWildcard: $0.isWildcard)
  }

  package func read(_ resource: Google_Protobuf_Any) throws(XDSResourceProblem) -> XDSReading<MeshResource> {
    guard resource.value.count <= Self.maximumBytes else {
      throw XDSResourceProblem(reason: "it has \(resource.value.count) bytes; \(Self.maximumBytes) is the most")
    }
    switch MeshResourceType(rawValue: resource.typeURL) {
    case .endpoints:
      let endpoints: Envoy_Config_Endpoint_V3_ClusterLoadAssignment = try decode(resource)
      return XDSReading(name: endpoints.clusterName, content: .endpoints(endpoints))
    case .cluster:
      let cluster: Envoy_Config_Cluster_V3_Cluster = try decode(resource)
      return XDSReading(name: cluster.name, references: references(cluster), content: .cluster(cluster))
    case .routes:
      let routes: Envoy_Config_Route_V3_RouteConfiguration = try decode(resource)
      return XDSReading(name: routes.name, references: RouteReferences.clusters(routes), content: .routes(routes))
    case .listener:
      let listener: Envoy_Config_Listener_V3_Listener = try decode(resource)
      let references = try references(listener)
      return XDSReading(name: listener.name, references: references, content: .listener(listener))
    case nil: throw XDSResourceProblem(reason: "the type \(resource.typeURL) is not known")
    }
  }

  private func decode<Resource: Message>(_ resource: Google_Protobuf_Any) throws(XDSResourceProblem) -> Resource {
    do {
      return try Resource(serializedBytes: resource.value)
    } catch {
      throw XDSResourceProblem(reason: "it is no \(Resource.protoMessageName): \(error)")
    }
  }

  private func references(_ cluster: Envoy_Config_Cluster_V3_Cluster) -> [XDSReference] {
    guard case .type(.eds) = cluster.clusterDiscoveryType else { return [] }
    let name = cluster.edsClusterConfig.serviceName.isEmpty ? cluster.name : cluster.edsClusterConfig.serviceName
    return [XDSReference(typeURL: MeshResourceType.endpoints.rawValue, name: name)]
  }

  private func references(_ listener: Envoy_Config_Listener_V3_Listener) throws(XDSResourceProblem) -> [XDSReference] {
    var references: Set<XDSReference> = []
    let chains = listener.filterChains + (listener.hasDefaultFilterChain ? [listener.defaultFilterChain] : [])
    for chain in chains {
      for filter in chain.filters where filter.typedConfig.isA(ConnectionManager.self) {
        let manager: ConnectionManager
        do {
          manager = try ConnectionManager(unpackingAny: filter.typedConfig)
        } catch {
          throw XDSResourceProblem(
            name: listener.name,
            reason: "the filter \"\(filter.name)\" is no HttpConnectionManager: \(error)"
          )
        }
        switch manager.routeSpecifier {
        case .rds(let source):
          references.insert(XDSReference(typeURL: MeshResourceType.routes.rawValue, name: source.routeConfigName))
        case .routeConfig(let routes): references.formUnion(RouteReferences.clusters(routes))
        case .scopedRoutes, nil: continue
        }
      }
    }
    return references.filter { !$0.name.isEmpty }.sorted { $0.name < $1.name }
  }

  private typealias ConnectionManager =
    Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager
}
