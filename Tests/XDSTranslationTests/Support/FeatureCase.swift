import EnvoyAPI
import EnvoyConfig
import Foundation
import KubernetesObjects
import SwiftProtobuf

@testable import XDSTranslation

/// A small mesh, written as Envoy's JSON, in which one feature is asked for. What a case leaves out is one listener on
/// port 80 whose routes send everything for the host `shop` to the cluster `c`.
struct FeatureCase {
  let changes: ResourceChanges

  /// Members: `listeners`, or `manager` for the one listener's; `configurations`, or `configuration` for the one, or
  /// `host` for its virtual host, or `routes` for that one's; `clusters`, `endpoints`; `unread`, the bytes in hexadecimal
  /// of fields that the first route has beside; `settings`, bytes of a filter's settings on the first route; `filter`,
  /// bytes of the settings of a filter of HTTP.
  init(_ json: JSONValue) throws {
    Self.register()
    var manager: JSONObject = ["rds": ["route_config_name": "80"]]
    manager.merge(json["manager"])
    let listener: JSONValue = [
      "name": "0.0.0.0_80", "traffic_direction": "OUTBOUND",
      "address": ["socket_address": ["address": "0.0.0.0", "port_value": 80]],
      "filter_chains": [["filters": [["name": "http", "typed_config": .object(manager.typed(Self.manager))]]]],
    ]
    let routes = json["routes"] ?? [["match": ["prefix": "/"], "route": ["cluster": "c"]]]
    var host: JSONObject = ["name": "shop", "domains": ["shop"], "routes": routes]
    host.merge(json["host"])
    var configuration: JSONObject = ["name": "80", "virtual_hosts": [.object(host)]]
    configuration.merge(json["configuration"])
    let cluster: JSONValue = ["name": "c", "type": "EDS", "connect_timeout": "1s"]
    let endpoints: JSONValue = [
      "cluster_name": "c",
      "endpoints": [
        [
          "lb_endpoints": [
            ["endpoint": ["address": ["socket_address": ["address": "10.0.0.1", "port_value": 8080]]]]
          ]
        ]
      ],
    ]
    var changes = ResourceChanges()
    changes.listeners.set = try Self.decoded(json["listeners"] ?? [listener])
    changes.routes.set = try Self.decoded(json["configurations"] ?? [.object(configuration)])
    changes.clusters.set = try Self.decoded(json["clusters"] ?? [cluster])
    changes.endpoints.set = try Self.decoded(json["endpoints"] ?? [endpoints])
    try Self.add(json, to: &changes)
    self.changes = changes
  }

  /// What no JSON can say.
  private static func add(_ json: JSONValue, to changes: inout ResourceChanges) throws {
    guard !changes.routes.set.isEmpty, !changes.routes.set[0].virtualHosts.isEmpty else { return }
    var route = changes.routes.set[0].virtualHosts[0].routes[0]
    if let unread = json["unread"]?.string {
      let known: Data = try route.serializedBytes()
      route = try Envoy_Config_Route_V3_Route(serializedBytes: known + bytes(unread))
    }
    for (type, settings) in json["settings"]?.object ?? [:] {
      route.typedPerFilterConfig[type] = any(type, bytes(settings.string ?? ""))
    }
    changes.routes.set[0].virtualHosts[0].routes[0] = route
    guard let filters = json["filter"]?.object else { return }
    let typed = changes.listeners.set[0].filterChains[0].filters[0].typedConfig
    var manager = try ConnectionSettings.Manager(unpackingAny: typed)
    for (type, settings) in filters {
      manager.httpFilters.append(
        .with {
          $0.name = type
          $0.typedConfig = any(type, bytes(settings.string ?? ""))
        }
      )
    }
    changes.listeners.set[0].filterChains[0].filters[0].typedConfig = try Google_Protobuf_Any(message: manager)
  }

  private static func any(_ type: String, _ value: Data) -> Google_Protobuf_Any {
    .with {
      $0.typeURL = "type.googleapis.com/" + type
      $0.value = value
    }
  }

  private static func bytes(_ digits: String) -> Data {
    Data(digits.split(separator: " ").compactMap { UInt8($0, radix: 16) })
  }

  private static func decoded<M: Message>(_ json: JSONValue) throws -> [M] {
    try (json.array ?? []).map { try M(jsonUTF8Bytes: Data($0.serialized())) }
  }

  private static let manager =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

  private static func register() {
    let types: [any Message.Type] = [
      ConnectionSettings.Manager.self, ConnectionSettings.Fault.self, ConnectionSettings.RateLimit.self,
      Envoy_Extensions_Filters_Http_Cors_V3_CorsPolicy.self, Envoy_Config_Route_V3_FilterConfig.self,
      Envoy_Extensions_Filters_Network_TcpProxy_V3_TcpProxy.self,
      Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext.self,
      Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions.self,
    ]
    for type in types { Google_Protobuf_Any.register(messageType: type) }
  }
}

extension JSONObject {
  /// The members of the other go over these.
  fileprivate mutating func merge(_ other: JSONValue?) {
    for (name, value) in other?.object ?? [:] { self[name] = value }
  }

  /// As the content of an Any.
  fileprivate func typed(_ type: String) -> JSONObject {
    var typed: JSONObject = ["@type": .string("type.googleapis.com/" + type)]
    typed.merge(.object(self))
    return typed
  }
}
