import AmeshTesting
import EnvoyConfig
import Foundation
import KubernetesObjects
import SwiftProtobuf
import Testing

@testable import XDSTranslation

/// Each field that xDS has, wherever it may stand in what a control plane sends: it changes what APISIX gets, or a finding
/// says that it does not, or it is known to mean nothing here.
@Suite struct SilentFieldsTests {
  private let fields: APIFields
  private let specimens: [Specimen]

  init() throws {
    fields = try APIFields()
    let folder = GoldenFolder(beside: #filePath, named: "Golden/features")
    let cases = try Feature.allCases.map { try folder.input($0.rawValue) } + rareCases
    specimens = try cases.map { Specimen(try FeatureCase($0).changes) }
  }

  @Test func `no field is dropped silently`() {
    var silent: Set<String> = []
    var heard: Set<String> = []
    var routes: Set<String> = []
    for specimen in specimens {
      let usual = specimen.outcome
      for (resource, bytes) in specimen.resources.enumerated() {
        for place in fields.places(in: bytes.bytes, of: bytes.type, route: bytes.type) {
          let route = Self.shared(place.route)
          routes.insert(route)
          for field in fields.messages[place.type] ?? [] where !isHarmless(field, of: place.type) {
            let name = "\(route).\(field.name)"
            guard !heard.contains(name), !meaninglessHere.contains(where: { name.contains($0) }) else { continue }
            let isHeard = field.examples.contains { example in
              specimen.outcome(adding: example, at: place.path, of: resource).map { $0 != usual } ?? false
            }
            if isHeard { heard.insert(name) } else { silent.insert(name) }
          }
        }
      }
    }
    // What is in it is looked at by itself, or is put to the test where it is in another place.
    let unheard = silent.filter { !heard.contains($0) && !isLedThrough($0, routes) }
    #expect(unheard.sorted() == [])
    #expect(heard.count > 500)
  }

  @Test func `what is passed over is there`() {
    for (type, numbers) in UnreadFields.harmless {
      #expect(numbers.isSubset(of: Set(fields.messages[type]?.map(\.number) ?? [])), "\(type)")
    }
    for (type, names) in UnreadFields.names {
      for (number, name) in names {
        #expect(fields.messages[type]?.first { $0.number == number }?.name == name, "\(type) \(number)")
      }
    }
  }

  private func isLedThrough(_ name: String, _ routes: Set<String>) -> Bool {
    routes.contains { $0.hasPrefix(name) && ".<".contains($0.dropFirst(name.count).first ?? ".") }
  }

  /// What is read by the same code wherever it stands, has one name.
  private static func shared(_ route: String) -> String {
    let types = [
      ".route_config": Envoy_Config_Route_V3_RouteConfiguration.protoMessageName,
      ".load_assignment": Envoy_Config_Endpoint_V3_ClusterLoadAssignment.protoMessageName,
    ]
    for (field, type) in types {
      if let range = route.range(of: field + "."), !route[..<range.lowerBound].contains(field) {
        return type + route[range.upperBound...].reduce(into: ".") { $0.append($1) }
      }
      if route.hasSuffix(field) { return type }
    }
    return route
  }

  private func isHarmless(_ field: APIFields.Field, of type: String) -> Bool {
    UnreadFields.harmless[type]?.contains(field.number) ?? false || meaningless[type]?.contains(field.name) ?? false
  }
}

/// Fields of which no example changes anything, and why.
private let meaningless: [String: Set<String>] = [
  // Names that lead nowhere, and where from secrets and resources come.
  "envoy.config.core.v3.TransportSocket": ["name"],
  "envoy.config.listener.v3.Filter": ["name", "config_discovery"],
  "envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig": ["name", "sds_config"],
  "envoy.extensions.filters.network.http_connection_manager.v3.Rds": ["config_source"],
  "envoy.config.cluster.v3.Cluster.EdsClusterConfig": ["eds_config"],
  "envoy.config.core.v3.DataSource": ["watched_directory"],
  "envoy.config.core.v3.RuntimeFractionalPercent": ["runtime_key"],
  "envoy.config.route.v3.RouteAction.HashPolicy.FilterState": ["key"],
  // What is refused as a whole.
  "envoy.config.cluster.v3.Cluster.CustomClusterType": ["typed_config"],
  "envoy.config.cluster.v3.Cluster.LbSubsetConfig": [
    "default_subset", "fallback_policy", "list_as_any", "locality_weight_aware", "metadata_fallback_policy",
    "panic_mode_any", "scale_locality_weight", "subset_selectors",
  ],
  "envoy.config.cluster.v3.Cluster.OriginalDstLbConfig": ["http_header_name"],
  "envoy.config.core.v3.HealthCheck.GrpcHealthCheck": ["authority", "initial_metadata", "service_name"],
  "envoy.config.core.v3.Http3ProtocolOptions": [
    "allow_extended_connect", "allow_metadata", "disable_connection_flow_control_for_streams", "disable_qpack",
    "override_stream_error_on_invalid_http_message", "quic_protocol_options",
  ],
  "envoy.config.core.v3.Pipe": ["mode", "path"],
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.AutoHttpConfig": [
    "alternate_protocols_cache_options", "http_protocol_options", "http2_protocol_options", "http3_protocol_options",
  ],
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig": [
    "http_protocol_options", "http2_protocol_options", "http3_protocol_options",
  ],
  "envoy.config.core.v3.CidrRange": ["address_prefix", "prefix_len"],
  "envoy.config.core.v3.TypedExtensionConfig": ["typed_config"],
  "envoy.config.endpoint.v3.ClusterLoadAssignment.Policy.DropOverload": ["category", "drop_percentage"],
  "envoy.config.route.v3.Vhds": ["config_source"],
  "envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes": [
    "name", "rds_config_source", "scope_key_builder", "scoped_rds", "scoped_route_configurations_list",
  ],
  // By its row in the table, no part of what is approximated.
  "envoy.config.cluster.v3.OutlierDetection": ["interval", "max_ejection_percent"],
  // Which other nodes count is not asked by what is sent to APISIX.
  "envoy.config.cluster.v3.Cluster.TransportSocketMatch": ["match"],
  // A policy alone is always the last.
  "envoy.config.route.v3.RouteAction.HashPolicy": ["terminal"],
  // Said by `ttl`.
  "envoy.config.route.v3.RouteAction.HashPolicy.Cookie": ["path"],
  // It only counts what would be.
  "envoy.config.route.v3.CorsPolicy": ["shadow_enabled"],
  "envoy.extensions.filters.http.cors.v3.CorsPolicy": ["shadow_enabled"],
  // Whether an Envoy that does not know it may go on.
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter": ["is_optional", "config_discovery"],
  // One of several kinds, which stand alone: beside another as here, it is nothing.
  "envoy.type.matcher.v3.StringMatcher": ["custom"],
  "envoy.type.matcher.v3.RegexMatcher": ["google_re2"],
  // APISIX tells protocols apart by itself.
  "envoy.config.listener.v3.FilterChainMatch": ["application_protocols"],
  // For names of a kind that is never verified.
  "envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher": ["oid"],
]

/// The same of fields in some places only.
private let meaninglessHere = [
  // What a secret says goes over it.
  "combined_validation_context.default_validation_context.trusted_ca",
  // Names of hosts are compared so in any case.
  "subject_alt_names.ignore_case", "subject_alt_names.matcher.ignore_case",
  // Istio's own is told by its name, and left to the sidecar's mutual TLS.
  "Cluster.transport_socket_matches.",
  // An empty header matches as little as none what the case asks for; the same code as of routes.
  "HTTPFault>.headers.treat_missing_header_as_empty",
]

/// What no feature's own case has.
private let rareCases: [JSONValue] = [
  [
    "routes": [
      [
        "match": ["prefix": "/"],
        "route": [
          "cluster": "c",
          "retry_policy": ["retry_on": "retriable-status-codes", "retriable_status_codes": [503]],
        ],
        "request_headers_to_add": [["header": ["key": "x-a"]]],
        "response_headers_to_add": [["header": ["key": "x-b"]]],
      ]
    ],
    "host": [
      "request_headers_to_add": [["header": ["key": "x-c"]], ["header": ["key": "x-g", "value": "g"]]],
      "response_headers_to_add": [["header": ["key": "x-d"]], ["header": ["key": "x-h", "value": "h"]]],
    ],
    "configuration": [
      "request_headers_to_add": [["header": ["key": "x-e"]], ["header": ["key": "x-i", "value": "i"]]],
      "response_headers_to_add": [["header": ["key": "x-f"]], ["header": ["key": "x-j", "value": "j"]]],
    ],
  ],
  [
    "host": ["retry_policy": ["retry_on": "reset,retriable-status-codes", "retriable_status_codes": [503]]],
    "routes": [
      [
        "match": ["prefix": "/"],
        "route": [
          "weighted_clusters": [
            "clusters": [
              ["name": "c", "weight": 1, "request_headers_to_add": [["header": ["key": "x-a"]]]],
              [
                "name": "c", "weight": 1,
                "response_headers_to_add": [["header": ["key": "x-a", "value": "a"]], ["header": ["key": "x-b"]]],
              ],
            ]
          ]
        ],
        "typed_per_filter_config": [
          "envoy.filters.http.cors": [
            "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
            "allow_origin_string_match": [["exact": "https://a.example"]],
            "filter_enabled": ["default_value": ["numerator": 100]],
          ]
        ],
      ]
    ],
  ],
  [
    "clusters": [
      [
        "name": "c", "type": "EDS",
        "common_lb_config": ["healthy_panic_threshold": ["value": 70]],
        "outlier_detection": ["consecutive_5xx": 0, "enforcing_consecutive_gateway_failure": 100],
      ]
    ],
    "endpoints": [
      [
        "cluster_name": "c", "policy": ["overprovisioning_factor": 100],
        "endpoints": [
          [
            "lb_endpoints": [
              ["endpoint": ["address": ["socket_address": ["address": "10.0.0.1", "port_value": 80]]]],
              [
                "endpoint": ["address": ["socket_address": ["address": "10.0.0.2", "port_value": 80]]],
                "health_status": "UNHEALTHY",
              ],
            ]
          ]
        ],
      ]
    ],
  ],
]

/// Resources of a small mesh, as bytes.
private struct Specimen {
  struct Resource {
    let type: String
    let bytes: [UInt8]
  }

  /// What becomes of them.
  struct Outcome: Equatable {
    let objects: [APISIXObject]
    let findings: [Finding]
  }

  let resources: [Resource]

  init(_ changes: ResourceChanges) {
    resources =
      Self.packed(changes.listeners.set) + Self.packed(changes.routes.set) + Self.packed(changes.clusters.set)
      + Self.packed(changes.endpoints.set)
  }

  private static func packed<M: Message>(_ messages: [M]) -> [Resource] {
    messages.map { Resource(type: M.protoMessageName, bytes: (try? $0.serializedBytes()) ?? []) }
  }

  var outcome: Outcome? { Self.outcome(of: resources.map(\.bytes), types: resources.map(\.type)) }

  /// Nil where it can't be read any more.
  func outcome(adding field: WireMessage.Field, at path: [Int], of resource: Int) -> Outcome? {
    var bytes = resources.map(\.bytes)
    bytes[resource] = WireMessage(bytes[resource])?.adding(field, at: path[...]).bytes ?? []
    return Self.outcome(of: bytes, types: resources.map(\.type))
  }

  private static func outcome(of all: [[UInt8]], types: [String]) -> Outcome? {
    var changes = ResourceChanges()
    do {
      for (type, bytes) in zip(types, all) {
        switch type {
        case Envoy_Config_Listener_V3_Listener.protoMessageName:
          changes.listeners.set.append(try .init(serializedBytes: bytes))
        case Envoy_Config_Route_V3_RouteConfiguration.protoMessageName:
          changes.routes.set.append(try .init(serializedBytes: bytes))
        case Envoy_Config_Cluster_V3_Cluster.protoMessageName:
          changes.clusters.set.append(try .init(serializedBytes: bytes))
        default: changes.endpoints.set.append(try .init(serializedBytes: bytes))
        }
      }
    } catch {
      return nil
    }
    let translator = Translator(changes)
    return Outcome(objects: translator.objects, findings: translator.findings)
  }
}
