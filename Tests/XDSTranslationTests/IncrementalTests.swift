import AmeshTesting
import EnvoyAPI
import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf
import Testing

@testable import XDSTranslation

@Suite struct `Changes in any order` {
  /// Everything that a control plane has said so far.
  private struct World {
    var listeners: [String: Envoy_Config_Listener_V3_Listener] = [:]
    var routes: [String: Envoy_Config_Route_V3_RouteConfiguration] = [:]
    var clusters: [String: Envoy_Config_Cluster_V3_Cluster] = [:]
    var endpoints: [String: Envoy_Config_Endpoint_V3_ClusterLoadAssignment] = [:]

    mutating func apply(_ changes: ResourceChanges) {
      for item in changes.listeners.set { listeners[item.name] = item }
      for item in changes.routes.set { routes[item.name] = item }
      for item in changes.clusters.set { clusters[item.name] = item }
      for item in changes.endpoints.set { endpoints[item.clusterName] = item }
      for name in changes.listeners.removed { listeners[name] = nil }
      for name in changes.routes.removed { routes[name] = nil }
      for name in changes.clusters.removed { clusters[name] = nil }
      for name in changes.endpoints.removed { endpoints[name] = nil }
    }

    var all: ResourceChanges {
      var changes = ResourceChanges()
      changes.listeners.set = Array(listeners.values)
      changes.routes.set = Array(routes.values)
      changes.clusters.set = Array(clusters.values)
      changes.endpoints.set = Array(endpoints.values)
      return changes
    }
  }

  @Test(arguments: 0..<100)
  func `give what the whole gives from scratch`(seed: Int) {
    var mesh = RandomMesh(random: SeededRandom(seed: UInt64(1000 + seed)))
    var world = World()
    var translator = Translator()
    var dictionary: [APISIXObject.Key: JSONValue] = [:]
    for _ in 0..<25 {
      let changes = change(&mesh)
      world.apply(changes)
      let result = translator.apply(changes)
      for key in result.removed {
        #expect(dictionary.removeValue(forKey: key) != nil, "removed, but was not there")
      }
      for object in result.set {
        #expect(dictionary.updateValue(object.value, forKey: object.key) != object.value, "set, but has not changed")
      }
      let scratch = Translator(world.all)
      let expected = Dictionary(uniqueKeysWithValues: scratch.objects.map { ($0.key, $0.value) })
      let wrong = Set(expected.keys).union(dictionary.keys).filter { expected[$0] != dictionary[$0] }
      #expect(wrong.map(\.path) == [])
      #expect(translator.findings == scratch.findings)
      #expect(translator.wantedRouteConfigurations == scratch.wantedRouteConfigurations)
      #expect(translator.wantedAssignments == scratch.wantedAssignments)
    }
  }

  private func change(_ mesh: inout RandomMesh) -> ResourceChanges {
    var changes = ResourceChanges()
    for _ in 0..<mesh.count(1...3) {
      let cluster = mesh.element(RandomMesh.clusters)
      let configuration = mesh.element(["80", "8080", "10.96.0.9:80"])
      let (address, port) = mesh.element([("0.0.0.0", UInt32(80)), ("0.0.0.0", 8080), ("10.96.0.9", 80)])
      let isRemoval = mesh.chance(20)
      switch mesh.count(0...6) {
      case 0, 1:
        if isRemoval {
          changes.clusters.removed.append(cluster)
        } else {
          changes.clusters.set.append(
            mesh.cluster(cluster, types: [.eds, .eds, .static, .originalDst], mayEncrypt: true)
          )
        }
      case 2, 3:
        if isRemoval {
          changes.endpoints.removed.append(cluster)
        } else {
          changes.endpoints.set.append(mesh.assignment(cluster))
        }
      case 4:
        if isRemoval {
          changes.listeners.removed.append("\(address)_\(port)")
        } else {
          changes.listeners.set.append(mesh.listener(address, port))
        }
      default:
        if isRemoval {
          changes.routes.removed.append(configuration)
        } else {
          changes.routes.set.append(mesh.configuration(configuration))
        }
      }
    }
    return changes
  }

  @Test func `what is said again changes nothing`() throws {
    let shop = try Fixtures.shop()
    var translator = Translator()
    let first = translator.apply(shop)
    #expect(first.set.count == translator.objects.count)
    #expect(translator.apply(shop).isEmpty)
  }

  @Test func `an endpoint touches the uses of its cluster only`() throws {
    var translator = Translator(try Fixtures.shop())
    var changes = ResourceChanges()
    changes.endpoints.set = try Fixtures.resources(Envoy_Config_Endpoint_V3_ClusterLoadAssignment.self)
      .filter { $0.clusterName == "outbound|80|v1|catalog.mesh.example" }
    changes.endpoints.set[0].endpoints[0].lbEndpoints[0].endpoint.address.socketAddress.address = "10.0.1.99"
    let result = translator.apply(changes)
    #expect(result.removed.isEmpty)
    #expect(!result.set.isEmpty && result.set.allSatisfy { $0.key.kind == .upstreams })
    #expect(result.set.allSatisfy { $0.value["nodes"]?[0]?["host"] == "10.0.1.99" })
  }

  private static func verified(_ name: String, by authorities: String) throws -> Envoy_Config_Cluster_V3_Cluster {
    let context = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext.with {
      $0.commonTlsContext.validationContext.trustedCa.inlineString = authorities
    }
    let typed = try Google_Protobuf_Any(message: context)
    return .with {
      $0.name = name
      $0.type = .eds
      $0.transportSocket.typedConfig = typed
    }
  }

  @Test func `authorities that many have are there once, and touched by who is the first or the last`() throws {
    var changes = try FeatureCase([
      "routes": [
        ["match": ["prefix": "/a"], "route": ["cluster": "a"]], ["match": ["prefix": "/"], "route": ["cluster": "b"]],
      ]
    ]).changes
    changes.clusters.set = try ["a", "b"].map { try Self.verified($0, by: "shared") }
    var translator = Translator(changes)
    func texts() -> [String?] {
      let metadata = translator.objects.first { $0.key.id == "amesh-upstream" && $0.key.kind == .pluginMetadata }
      return (metadata?.value["authorities"]?.object ?? [:]).map { $0.value["text"]?.string }
    }
    func change(_ name: String, to authorities: String) throws -> [APISIXObject.Kind] {
      var changes = ResourceChanges()
      changes.clusters.set = [try Self.verified(name, by: authorities)]
      return translator.apply(changes).set.map(\.key.kind)
    }
    #expect(texts() == ["shared"])
    #expect(try change("a", to: "other") == [.pluginMetadata, .upstreams])
    #expect(Set(texts()) == ["shared", "other"])
    #expect(try change("a", to: "shared") == [.pluginMetadata, .upstreams])
    #expect(texts() == ["shared"])
  }

  @Test func `a limit touches the uses of its cluster only, and none is none`() throws {
    let highest: JSONValue = [
      "max_connections": 4_294_967_295, "max_pending_requests": 4_294_967_295, "max_requests": 4_294_967_295,
      "max_retries": 4_294_967_295,
    ]
    let cluster: JSONValue = ["name": "c", "type": "EDS", "circuit_breakers": ["thresholds": [highest]]]
    var translator = Translator(try FeatureCase(["clusters": [cluster]]).changes)
    #expect(translator.objects.allSatisfy { $0.value["labels"] == nil })
    #expect(!translator.findings.contains { $0.feature == .circuitBreakers })
    var changes = ResourceChanges()
    changes.clusters.set = [
      .with {
        $0.name = "c"
        $0.type = .eds
        $0.circuitBreakers.thresholds = [.with { $0.maxRequests = 7 }]
      }
    ]
    let result = translator.apply(changes)
    #expect(result.set.map(\.key.kind) == [.upstreams])
    #expect(result.set[0].value["labels"]?["amesh-limit"]?.string == "7")
  }

  @Test func `what is gone takes everything along`() throws {
    let shop = try Fixtures.shop()
    var translator = Translator(shop)
    var changes = ResourceChanges()
    changes.listeners.removed = shop.listeners.set.map(\.name)
    changes.routes.removed = shop.routes.set.map(\.name)
    changes.clusters.removed = shop.clusters.set.map(\.name)
    changes.endpoints.removed = shop.endpoints.set.map(\.clusterName)
    _ = translator.apply(changes)
    // The plugin still has to know that there is no listener.
    #expect(translator.objects.map(\.key.kind) == [.pluginMetadata, .pluginMetadata, .globalRules])
    #expect(translator.findings.isEmpty)
  }
}
