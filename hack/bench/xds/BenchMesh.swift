import EnvoyAPI
import EnvoyConfig
import Foundation
import MeshResources
import SwiftProtobuf

/// A mesh of services that look as an istiod's: its captured resources, many times over under other names.
struct BenchMesh {
  static let services = 1_000
  static let endpointsPerService = 10
  static let routesPerService = 5
  /// Every fifth service has a limit of requests, and every tenth servers that are to be verified, by three authorities
  /// in all: rules that the sidecar's plugin sees to.
  static let limitedPart = 5
  static let verifiedPart = 10

  private let clusters: [Envoy_Config_Cluster_V3_Cluster]
  private let listeners: [Envoy_Config_Listener_V3_Listener]
  private let others: [Envoy_Config_Endpoint_V3_ClusterLoadAssignment]
  private let otherRoutes: [Envoy_Config_Route_V3_RouteConfiguration]
  private let endpoint: Envoy_Config_Endpoint_V3_LbEndpoint
  private(set) var routes: Envoy_Config_Route_V3_RouteConfiguration

  struct Unusable: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
  }

  /// - Parameter folder: of the captured responses, one a type.
  init(captured folder: URL) throws {
    let captured = try Self.read(Envoy_Config_Cluster_V3_Cluster.self, folder, "Cluster")
    listeners = try Self.read(Envoy_Config_Listener_V3_Listener.self, folder, "Listener")
    others = try Self.read(Envoy_Config_Endpoint_V3_ClusterLoadAssignment.self, folder, "ClusterLoadAssignment")
    var configurations = try Self.read(Envoy_Config_Route_V3_RouteConfiguration.self, folder, "RouteConfiguration")
    // Its clusters never came, and a sidecar would wait for them.
    for index in configurations.indices {
      configurations[index].virtualHosts.removeAll { $0.name.hasPrefix("backend.") }
    }
    guard let cluster = captured.first(where: { $0.name.hasPrefix("outbound|80||catalog.shop") }),
      let endpoint = others.lazy.flatMap(\.endpoints).flatMap(\.lbEndpoints).first,
      let position = configurations.firstIndex(where: { $0.name == "80" }),
      let host = configurations[position].virtualHosts.first(where: { $0.name.hasPrefix("catalog.shop") }),
      let ruled = configurations[position].virtualHosts.first(where: { $0.name.hasPrefix("catalog.mesh") })
    else { throw Unusable("the captured resources in \(folder.path) are others than expected") }
    self.endpoint = endpoint
    clusters =
      captured
      + (try (0..<Self.services).map { number in
        var copy = cluster
        copy.name = Self.cluster(number)
        copy.edsClusterConfig.serviceName = copy.name
        if number % Self.limitedPart == 0 {
          copy.circuitBreakers.thresholds = [.with { $0.maxRequests = .init(UInt32(100 + number)) }]
        }
        if number % Self.verifiedPart == 0 { copy.transportSocket = try Self.verification(of: number) }
        return copy
      })
    var large = configurations.remove(at: position)
    otherRoutes = configurations
    large.virtualHosts += (0..<Self.services).map { Self.host($0, like: host, ruledLike: ruled) }
    routes = large
  }

  /// As long as authorities are.
  private static func verification(of number: Int) throws -> Envoy_Config_Core_V3_TransportSocket {
    let line = String(repeating: String(number / verifiedPart % 3), count: 64)
    let lines = Array(repeating: line, count: 30).joined(separator: "\n")
    let context = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext.with {
      $0.sni = "service-\(number).example"
      $0.commonTlsContext.validationContext.trustedCa.inlineString =
        "-----BEGIN CERTIFICATE-----\n\(lines)\n-----END CERTIFICATE-----\n"
    }
    return try .with {
      $0.name = "envoy.transport_sockets.tls"
      $0.typedConfig = try Google_Protobuf_Any(message: context)
    }
  }

  private static func cluster(_ number: Int) -> String { "outbound|80||service-\(number).shop.svc.cluster.local" }

  private static func host(
    _ number: Int,
    like host: Envoy_Config_Route_V3_VirtualHost,
    ruledLike ruled: Envoy_Config_Route_V3_VirtualHost
  ) -> Envoy_Config_Route_V3_VirtualHost {
    var copy = host
    copy.name = host.name.replacing("catalog", with: "service-\(number)")
    copy.domains = host.domains.map {
      $0.first?.isNumber ?? false
        ? $0.replacing(/^[0-9.]+/, with: "10.97.\(number / 250).\(number % 250)")
        : $0.replacing("catalog", with: "service-\(number)")
    }
    copy.routes = (0..<routesPerService).map { position in
      // The last of a virtual service takes what no other has taken.
      var route = position == routesPerService - 1 ? ruled.routes[ruled.routes.count - 1] : ruled.routes[position]
      if case .route(var action) = route.action {
        switch action.clusterSpecifier {
        case .weightedClusters(var weighted):
          for index in weighted.clusters.indices {
            weighted.clusters[index].name = cluster((number + index) % services)
          }
          action.weightedClusters = weighted
        default: action.cluster = cluster(number)
        }
        route.action = .route(action)
      }
      return route
    }
    return copy
  }

  // MARK: What a control plane says

  /// In the order of a control plane.
  func responses() throws -> [Envoy_Service_Discovery_V3_DeltaDiscoveryResponse] {
    try [
      Self.response(.cluster, clusters.map { ($0.name, $0) }),
      Self.response(.endpoints, (others + (0..<Self.services).map { assignment($0) }).map { ($0.clusterName, $0) }),
      Self.response(.listener, listeners.map { ($0.name, $0) }),
      Self.response(.routes, (otherRoutes + [routes]).map { ($0.name, $0) }),
    ]
  }

  /// - Parameter change: makes its first endpoint another.
  func assignment(_ number: Int, change: Int = 0) -> Envoy_Config_Endpoint_V3_ClusterLoadAssignment {
    .with {
      $0.clusterName = Self.cluster(number)
      $0.endpoints = [
        .with { locality in
          locality.loadBalancingWeight = .init(UInt32(Self.endpointsPerService))
          locality.lbEndpoints = (0..<Self.endpointsPerService).map { position in
            var copy = endpoint
            let last = position == 0 ? 200 + change % 50 : position
            copy.endpoint.address.socketAddress.address = "10.\(100 + change / 50 % 50).\(number / 250).\(number % 250)"
            copy.endpoint.address.socketAddress.portValue = UInt32(8000 + last)
            return copy
          }
        }
      ]
    }
  }

  /// A cluster with another limit of requests.
  func cluster(_ number: Int, allowing requests: Int) -> Envoy_Config_Cluster_V3_Cluster {
    var copy = clusters[clusters.count - Self.services + number]
    copy.circuitBreakers.thresholds = [.with { $0.maxRequests = .init(UInt32(requests)) }]
    return copy
  }

  /// The large configuration with one route of one service sent elsewhere.
  func routes(changing number: Int, to other: Int) -> Envoy_Config_Route_V3_RouteConfiguration {
    var copy = routes
    let position = copy.virtualHosts.count - Self.services + number
    copy.virtualHosts[position].routes[Self.routesPerService - 1].route.cluster = Self.cluster(other)
    return copy
  }

  static func response(
    _ type: MeshResourceType,
    _ resources: [(name: String, message: any Message)]
  ) throws -> Envoy_Service_Discovery_V3_DeltaDiscoveryResponse {
    var response = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse()
    response.typeURL = type.rawValue
    response.nonce = "1"
    response.resources = try resources.map { name, message in
      var resource = Envoy_Service_Discovery_V3_Resource()
      resource.name = name
      resource.version = "1"
      resource.resource.typeURL = type.rawValue
      resource.resource.value = try message.serializedBytes()
      return resource
    }
    return response
  }

  private static func read<Resource: Message>(_: Resource.Type, _ folder: URL, _ name: String) throws -> [Resource] {
    let bytes = try Data(contentsOf: folder.appending(path: "\(name).pb"))
    return try Envoy_Service_Discovery_V3_DiscoveryResponse(serializedBytes: bytes).resources.map {
      try Resource(unpackingAny: $0)
    }
  }
}
