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

  init() {}

  init(_ manager: Manager, notes: inout Notes) {
    notes.unread(manager)
    ignoresAnyPort = manager.stripAnyHostPort
    ignoresOwnPort = manager.stripMatchingHostPort
    if ignoresAnyPort || ignoresOwnPort { notes.add(.hostPort) }
    paths = PathRules(manager, notes: &notes)
    for upgrade in manager.upgradeConfigs where !upgrade.hasEnabled || upgrade.enabled.value {
      if upgrade.upgradeType.lowercased() == "websocket" {
        allowsWebSocket = true
      } else {
        notes.add(.upgrade, upgrade.upgradeType)
      }
    }
    for filter in manager.httpFilters where !filter.disabled { read(filter, notes: &notes) }
  }

  private mutating func read(
    _ filter: Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter,
    notes: inout Notes
  ) {
    switch filter.typedConfig.kind {
    case .fault: fault = filter.typedConfig.decoded(Fault.self, notes: &notes).flatMap { $0.saysNothing ? nil : $0 }
    case .rateLimit:
      rateLimit = filter.typedConfig.decoded(RateLimit.self, notes: &notes).flatMap { $0.hasTokenBucket ? $0 : nil }
    case .roleBasedAccess:
      // Shadow rules only log.
      let fields = UnreadFields.numbers(in: filter.typedConfig.value)
      if fields.contains(1) || fields.contains(4) { guardAccess(filter.name, notes: &notes) }
    case .guarding: guardAccess(filter.name, notes: &notes)
    case .cors, .router, .observing: break
    case .other:
      if Self.observers.contains(where: { filter.name.hasPrefix($0) }) { break }
      notes.add(.httpFilter, filter.name)
    }
  }

  /// Istio's own, which watch and report.
  private static let observers = ["istio.metadata_exchange", "istio.stats", "istio.alpn", "istio_authn"]

  private mutating func guardAccess(_ name: String, notes: inout Notes) {
    notes.add(.accessControl, name)
    if guardingFilter == nil { guardingFilter = name }
  }
}

/// HTTP filters by the type of their settings; names are free.
enum FilterKind: Sendable {
  case router, cors, fault, rateLimit, roleBasedAccess
  /// They decide who may pass.
  case guarding
  /// They change nothing of requests and responses.
  case observing
  case other
}

extension Google_Protobuf_Any {
  var kind: FilterKind {
    let type = typeURL.split(separator: "/").last.map(String.init) ?? ""
    let prefix = "envoy.extensions.filters.http."
    guard type.hasPrefix(prefix) else {
      return type.hasPrefix("istio.envoy.config.filter.http.") ? .observing : .other
    }
    switch type.dropFirst(prefix.count).split(separator: ".").first {
    case "router": return .router
    case "cors": return .cors
    case "fault": return .fault
    case "local_ratelimit": return .rateLimit
    case "rbac": return .roleBasedAccess
    case "jwt_authn", "ext_authz", "oauth2", "basic_auth", "api_key_auth", "csrf", "credential_injector":
      return .guarding
    case "grpc_stats", "set_filter_state", "alternate_protocols_cache", "grpc_field_extraction": return .observing
    default: return .other
    }
  }

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
