import EnvoyConfig
import SwiftProtobuf

/// What stands in a filter chain before the filter that ends it.
enum NetworkFilterKind: Sendable {
  /// It decides who may pass.
  case guarding
  /// It changes nothing of what passes.
  case observing
  case other
}

extension Envoy_Config_Listener_V3_Filter {
  var kind: NetworkFilterKind {
    let type = typedConfig.typeURL.split(separator: "/").last.map(String.init) ?? ""
    switch type {
    case "envoy.extensions.filters.network.rbac.v3.RBAC":
      return AccessControl.guardsAccess(networkRBAC: typedConfig.value) ? .guarding : .observing
    case "envoy.extensions.filters.network.ext_authz.v3.ExtAuthz": return .guarding
    case "envoy.tcp.metadataexchange.config.MetadataExchange": return .observing
    default:
      // What comes later says of which type it is.
      if AccessControl.isNamed(in: unknownFields.data) { return .guarding }
      if Google_Protobuf_Any.wrappers.contains(type), AccessControl.isNamed(in: typedConfig.value) { return .guarding }
      // Istio's own, which watch and report.
      return Self.observers.contains { name.hasPrefix($0) } ? .observing : .other
    }
  }

  private static let observers = ["istio.stats", "istio.metadata_exchange", "envoy.filters.network.metadata_exchange"]
}
