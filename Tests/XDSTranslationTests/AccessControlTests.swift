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
  }

  @Test func `forbids the one route that it is set for`() throws {
    #expect(try statuses(["settings": [Self.route: "12 00"]]) == [403])
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
