import EnvoyConfig
import FoundationEssentials
import KubernetesObjects
import SwiftProtobuf
import Testing

@testable import XDSTranslation

/// What is to guard access and is not enforced must let nobody through.
@Suite struct `A filter that guards access` {
  private static let rules = "envoy.extensions.filters.http.rbac.v3.RBAC"
  private static let route = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute"
  private static let external = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"

  /// The statuses with which routes answer by themselves.
  private func statuses(_ json: JSONValue) throws -> [Int?] {
    Translator(try FeatureCase(json).changes).objects.filter { $0.key.kind == .routes }.map(\.value)
      .map { $0["plugins"]?["fault-injection"]?["abort"]?["http_status"]?.integer }
  }

  @Test func `forbids everything that its connection manager takes`() throws {
    #expect(try statuses(["filter": [Self.rules: "0a 00"]]) == [403])
    #expect(try statuses(["filter": [Self.rules: "22 00"]]) == [403])
  }

  @Test func `forbids nothing where it has no rules or only watches`() throws {
    #expect(try statuses(["filter": [Self.rules: ""]]) == [nil])
    #expect(try statuses(["filter": [Self.rules: "12 00"]]) == [nil])
    // Rules whose action is to log, such as Istio's AUDIT.
    #expect(try statuses(["filter": [Self.rules: "0a 02 08 02"]]) == [nil])
    #expect(try statuses(["settings": [Self.route: "12 04 0a 02 08 02"]]) == [nil])
  }

  @Test func `forbids everything where its rules can't be read`() throws {
    #expect(try statuses(["filter": [Self.rules: "0a 7f"]]) == [403])
    #expect(try statuses(["settings": [Self.route: "12 7f"]]) == [403])
  }

  private func statuses(_ change: (inout ResourceChanges, inout ConnectionSettings.Manager) throws -> Void) throws
    -> [Int?]
  {
    var changes = try FeatureCase([:]).changes
    let filter = changes.listeners.set[0].filterChains[0].filters[0]
    var manager = try ConnectionSettings.Manager(unpackingAny: filter.typedConfig)
    try change(&changes, &manager)
    let typed = try Google_Protobuf_Any(message: manager)
    changes.listeners.set[0].filterChains[0].filters[0].typedConfig = typed
    return Translator(changes).objects.filter { $0.key.kind == .routes }
      .map { $0.value["plugins"]?["fault-injection"]?["abort"]?["http_status"]?.integer }
  }

  private func any(_ type: String, _ bytes: [UInt8] = []) -> Google_Protobuf_Any {
    .with {
      $0.typeURL = "type.googleapis.com/" + type
      $0.value = .init(bytes)
    }
  }

  @Test func `that sleeps forbids what wakes it`() throws {
    let enabling = any(Envoy_Config_Route_V3_FilterConfig.protoMessageName, [0x0A, 0x00])
    for isAwake in [false, true] {
      let found = try statuses { changes, manager in
        manager.httpFilters = [
          .with {
            $0.name = "rbac"
            $0.disabled = true
            $0.typedConfig = any(Self.rules, [0x0A, 0x00])
          }
        ]
        if isAwake { changes.routes.set[0].virtualHosts[0].typedPerFilterConfig["rbac"] = enabling }
      }
      #expect(found == [isAwake ? 403 : nil])
    }
  }

  @Test func `that comes later, or in another filter, forbids everything, too`() throws {
    let name = Array("type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication".utf8)
    let later = try statuses { _, manager in
      // config_discovery with its type_urls.
      let source = [0x22, UInt8(name.count)] + name
      manager.httpFilters = [try .init(serializedBytes: [0x2A, UInt8(source.count)] + source)]
    }
    #expect(later == [403])
    let inner = try statuses { _, manager in
      manager.httpFilters = [
        .with { $0.typedConfig = any("envoy.extensions.common.matching.v3.ExtensionWithMatcher", [0x12, 0x7F] + name) }
      ]
    }
    #expect(inner == [403])
  }

  @Test func `that is wrapped forbids everything, too`() throws {
    let type = Array("type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz".utf8)
    for wrapper in ["udpa.type.v1.TypedStruct", "xds.type.v3.TypedStruct"] {
      let found = try statuses { _, manager in
        manager.httpFilters = [.with { $0.typedConfig = any(wrapper, [0x0A, UInt8(type.count)] + type) }]
      }
      #expect(found == [403])
    }
  }

  @Test func `that sleeps and comes later forbids what wakes it`() throws {
    let type = Array("type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication".utf8)
    let source = [0x22, UInt8(type.count)] + type
    let found = try statuses { changes, manager in
      // Its name, where it comes from, and that it is disabled.
      let filter = [0x0A, 0x01, 0x78, 0x2A, UInt8(source.count)] + source + [0x38, 0x01]
      manager.httpFilters = [try .init(serializedBytes: filter)]
      changes.routes.set[0].virtualHosts[0].typedPerFilterConfig["x"] =
        any(Envoy_Config_Route_V3_FilterConfig.protoMessageName)
    }
    #expect(found == [403])
  }

  /// Names are free: what another filter is called turns no fault off.
  @Test(arguments: [("envoy.filters.http.fault", true), ("own", true), ("default.plugin", false)])
  func `a filter is turned off by its own name`(name: String, isOff: Bool) throws {
    let fault = ConnectionSettings.Fault.with {
      $0.abort.httpStatus = 418
      $0.abort.percentage = .with { $0.numerator = 100 }
    }
    let found = try statuses { changes, manager in
      manager.httpFilters = [
        try .with {
          $0.name = isOff ? name : "own"
          $0.typedConfig = try Google_Protobuf_Any(message: fault)
        }
      ]
      changes.routes.set[0].virtualHosts[0].typedPerFilterConfig[name] =
        any(Envoy_Config_Route_V3_FilterConfig.protoMessageName, [0x18, 0x01])
    }
    #expect(found == [isOff ? nil : 418])
  }

  @Test func `forbids the one route that it is set for`() throws {
    #expect(try statuses(["settings": [Self.route: "12 02 0a 00"]]) == [403])
    #expect(try statuses(["settings": [Self.route: "12 00"]]) == [nil])
    #expect(try statuses(["settings": [Self.external: ""]]) == [403])
    #expect(try statuses(["settings": [Self.route: ""]]) == [nil])
  }

  @Test func `forbids a connection's chain, too`() throws {
    var changes = try FeatureCase([:]).changes
    changes.listeners.set[0].filterChains[0].filters.insert(
      .with {
        $0.name = "rbac"
        $0.typedConfig.typeURL = "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC"
        $0.typedConfig.value = .init([0x0A, 0x00])
      },
      at: 0
    )
    let translator = Translator(changes)
    let route = translator.objects.first { $0.key.kind == .routes }
    #expect(route?.value["plugins"]?["fault-injection"]?["abort"]?["http_status"]?.integer == 403)
    #expect(translator.findings.contains { $0.feature == .accessControl })
  }
}
