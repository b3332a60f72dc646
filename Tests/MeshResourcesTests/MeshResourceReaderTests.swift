import EnvoyConfig
import Foundation
import MeshResources
import SwiftProtobuf
import Testing
import XDSProtocol

@Suite struct MeshResourceReaderTests {
  private typealias Manager = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager

  private let reader = MeshResourceReader()

  private func packed(_ message: some Message, as type: MeshResourceType) throws -> Google_Protobuf_Any {
    var packed = Google_Protobuf_Any()
    packed.typeURL = type.rawValue
    packed.value = try message.serializedBytes()
    return packed
  }

  @Test func `a cluster needs its endpoints, by their service's name where it has one`() throws {
    var cluster = Envoy_Config_Cluster_V3_Cluster()
    cluster.name = "c"
    #expect(try reader.read(packed(cluster, as: .cluster)).references == [])
    cluster.type = .eds
    #expect(try reader.read(packed(cluster, as: .cluster)).references.map(\.name) == ["c"])
    cluster.edsClusterConfig.serviceName = "s"
    let reading = try reader.read(packed(cluster, as: .cluster))
    #expect(reading.name == "c")
    #expect(reading.references == [XDSReference(typeURL: MeshResourceType.endpoints.rawValue, name: "s")])
  }

  @Test func `routes need the clusters that they send requests to, mirrors too`() throws {
    var routes = Envoy_Config_Route_V3_RouteConfiguration()
    routes.name = "80"
    let plain = Envoy_Config_Route_V3_Route.with { $0.route.cluster = "a" }
    let weighted = Envoy_Config_Route_V3_Route.with {
      $0.route.weightedClusters.clusters = [.with { $0.name = "b" }, .with { $0.name = "a" }]
      $0.route.requestMirrorPolicies = [.with { $0.cluster = "m" }]
    }
    let redirect = Envoy_Config_Route_V3_Route.with { $0.redirect.hostRedirect = "x" }
    routes.virtualHosts = [.with { $0.routes = [plain, weighted, redirect] }]
    #expect(try reader.read(packed(routes, as: .routes)).references.map(\.name) == ["a", "b", "m"])
  }

  @Test func `a listener needs the routes that its connection managers name`() throws {
    let byName = Manager.with { $0.rds.routeConfigName = "80" }
    let inPlace = Manager.with {
      $0.routeConfig.virtualHosts = [.with { $0.routes = [.with { $0.route.cluster = "inbound" }] }]
    }
    var listener = Envoy_Config_Listener_V3_Listener()
    listener.name = "l"
    for manager in [byName, inPlace] {
      var filter = Envoy_Config_Listener_V3_Filter()
      filter.typedConfig = try Google_Protobuf_Any(message: manager)
      listener.filterChains.append(.with { $0.filters = [filter] })
    }
    let references = try reader.read(packed(listener, as: .listener)).references
    #expect(references.map(\.name) == ["80", "inbound"])
    #expect(references.map(\.typeURL) == [MeshResourceType.routes.rawValue, MeshResourceType.cluster.rawValue])
  }

  @Test(arguments: MeshResourceType.allCases) func `bytes that are no message are a problem`(_ type: MeshResourceType) {
    let resource = Google_Protobuf_Any.with {
      $0.typeURL = type.rawValue
      $0.value = Data([0x0A, 0xFF])
    }
    #expect(throws: XDSResourceProblem.self) { try reader.read(resource) }
  }

  @Test func `a filter that is no connection manager is a problem of the listener by name`() throws {
    var filter = Envoy_Config_Listener_V3_Filter()
    filter.typedConfig.typeURL = "type.googleapis.com/\(Manager.protoMessageName)"
    filter.typedConfig.value = Data([0xFF])
    var listener = Envoy_Config_Listener_V3_Listener()
    listener.name = "l"
    listener.filterChains = [.with { $0.filters = [filter] }]
    let resource = try packed(listener, as: .listener)
    let problem = #expect(throws: XDSResourceProblem.self) { try reader.read(resource) }
    #expect(problem?.name == "l")
  }
}
