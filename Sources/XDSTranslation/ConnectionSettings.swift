import EnvoyConfig
import FoundationEssentials
import SwiftProtobuf

/// What a connection manager says about every request that it takes, beside where they go.
struct ConnectionSettings: Sendable, Hashable {
  typealias Manager = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager
  typealias Fault = Envoy_Extensions_Filters_Http_Fault_V3_HTTPFault
  typealias RateLimit = Envoy_Extensions_Filters_Http_LocalRatelimit_V3_LocalRateLimit

  var allowsWebSocket = false
  var ignoresAnyPort = false
  var ignoresOwnPort = false
  var paths = PathRules()
  var fault: Fault?
  var rateLimit: RateLimit?
  /// The first filter that guards access and is not enforced; nothing may pass then.
  var guardingFilter: String?
  /// What routes may turn on, by the filter's name.
  var dormant: [String: Google_Protobuf_Any] = [:]
  /// What filters do, by their names, which are free.
  var kinds: [String: FilterKind] = [:]
  /// Of streams whose route says none.
  var idleTimeout: Milliseconds?

  init() {}

  init(_ manager: Manager, notes: inout Notes) {
    notes.unread(manager)
    ignoresAnyPort = manager.stripAnyHostPort
    ignoresOwnPort = manager.stripMatchingHostPort
    if ignoresAnyPort || ignoresOwnPort { notes.add(.hostPort) }
    paths = PathRules(manager, notes: &notes)
    for upgrade in manager.upgradeConfigs { notes.unread(upgrade) }
    for upgrade in manager.upgradeConfigs where !upgrade.hasEnabled || upgrade.enabled.value {
      if upgrade.upgradeType.lowercased() == "websocket" {
        allowsWebSocket = true
      } else {
        notes.add(.upgrade, upgrade.upgradeType)
      }
    }
    let idle = UnreadFields.contents(of: 24, in: manager.unknownFields.data).last
    idleTimeout = idle.flatMap { try? Google_Protobuf_Duration(serializedBytes: $0) }.map { Milliseconds($0) }
    for filter in manager.httpFilters {
      kinds[filter.name] = filter.kind
      if filter.disabled { dormant[filter.name] = filter.typedConfig } else { read(filter, notes: &notes) }
    }
  }

  private mutating func read(
    _ filter: Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter,
    notes: inout Notes
  ) {
    switch filter.kind {
    case .fault: fault = filter.typedConfig.decoded(Fault.self, notes: &notes).flatMap { $0.saysNothing ? nil : $0 }
    case .rateLimit:
      rateLimit = filter.typedConfig.decoded(RateLimit.self, notes: &notes).flatMap { $0.hasTokenBucket ? $0 : nil }
    case .roleBasedAccess:
      if AccessControl.guardsAccess(rbac: filter.typedConfig.value) { guardAccess(filter.name, notes: &notes) }
    case .guarding: guardAccess(filter.name, notes: &notes)
    case .router:
      if UnreadFields.numbers(in: filter.typedConfig.value).contains(Self.upstreamFilters) {
        notes.add(.httpFilter, "upstream_http_filters of \(filter.name)")
      }
    case .cors, .observing: break
    case .other:
      if Self.observers.contains(where: { filter.name.hasPrefix($0) }) { break }
      notes.add(.httpFilter, filter.name)
    }
  }

  /// Istio's own, which watch and report.
  private static let observers = ["istio.metadata_exchange", "istio.stats", "istio.alpn", "istio_authn"]
  /// The field of the router.
  private static let upstreamFilters = 8

  private mutating func guardAccess(_ name: String, notes: inout Notes) {
    notes.add(.accessControl, name)
    if guardingFilter == nil { guardingFilter = name }
  }
}

/// HTTP filters by the type of their settings; names are free.
enum FilterKind: Sendable, Hashable {
  case router, cors, fault, rateLimit, roleBasedAccess
  /// They decide who may pass.
  case guarding
  /// They change nothing of requests and responses.
  case observing
  case other
}

extension Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter {
  /// Of what comes later, such as a WasmPlugin, at least the type is said.
  fileprivate var kind: FilterKind {
    let kind = typedConfig.kind
    return kind == .other && AccessControl.isNamed(in: unknownFields.data) ? .guarding : kind
  }
}

extension Google_Protobuf_Any {
  var kind: FilterKind {
    let type = typeURL.split(separator: "/").last.map(String.init) ?? ""
    let prefix = "envoy.extensions.filters.http."
    guard type.hasPrefix(prefix) else {
      if type.hasPrefix("istio.envoy.config.filter.http.jwt_auth.") { return .guarding }
      if type.hasPrefix("envoy.extensions.common.matching.") || Self.wrappers.contains(type) {
        return AccessControl.isNamed(in: value) ? .guarding : .other
      }
      return type.hasPrefix("istio.envoy.config.filter.http.") ? .observing : .other
    }
    let name = type.dropFirst(prefix.count).prefix { $0 != "." }
    if AccessControl.filters.contains(name) { return .guarding }
    switch name {
    case "router": return .router
    case "cors": return .cors
    case "fault": return .fault
    case "local_ratelimit": return .rateLimit
    case "rbac": return .roleBasedAccess
    case "composite": return AccessControl.isNamed(in: value) ? .guarding : .other
    case "grpc_stats", "set_filter_state", "alternate_protocols_cache", "grpc_field_extraction": return .observing
    default: return .other
    }
  }

  /// Settings of another type, as JSON.
  static let wrappers: Set = ["udpa.type.v1.TypedStruct", "xds.type.v3.TypedStruct"]

  /// `isA`, without taking the URL apart.
  func holds<M: Message>(_ type: M.Type) -> Bool {
    let name = M.protoMessageName
    return typeURL.utf8.dropLast(name.utf8.count).last == UInt8(ascii: "/") && typeURL.hasSuffix(name)
  }

  func decoded<M: Message>(_ type: M.Type, notes: inout Notes) -> M? {
    guard let message = try? M(unpackingAny: self) else {
      notes.add(.malformed, typeURL.split(separator: "/").last.map(String.init) ?? "settings without a type")
      return nil
    }
    return message
  }
}

extension Envoy_Extensions_Filters_Http_Fault_V3_HTTPFault {
  var saysNothing: Bool { !hasDelay && !hasAbort && !hasResponseRateLimit }
}
