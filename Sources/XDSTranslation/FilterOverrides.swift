import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// What filters do on one route: the connection manager's settings, over them the configuration's, the virtual host's and
/// the route's, each replacing the former as a whole.
struct FilterOverrides {
  private var fault: ConnectionSettings.Fault?
  private var cors: CORSTranslation?
  private var rateLimit: ConnectionSettings.RateLimit?
  /// A filter that guards access to this route and is not enforced.
  private(set) var guardingFilter: String?
  private let dormant: [String: Google_Protobuf_Any]
  private let kinds: [String: FilterKind]

  init(_ settings: ConnectionSettings) {
    fault = settings.fault
    rateLimit = settings.rateLimit
    dormant = settings.dormant
    kinds = settings.kinds
  }

  /// The older place of CORS, which the newer goes over.
  mutating func apply(cors policy: Envoy_Config_Route_V3_CorsPolicy, notes: inout Notes) {
    notes.unread(policy)
    cors = CORSTranslation(policy)
  }

  mutating func apply(_ configurations: [String: Google_Protobuf_Any], notes: inout Notes) {
    for (name, configuration) in configurations.sorted(by: { $0.key < $1.key }) {
      var settings = configuration
      if configuration.holds(Envoy_Config_Route_V3_FilterConfig.self) {
        guard let wrapper = configuration.decoded(Envoy_Config_Route_V3_FilterConfig.self, notes: &notes) else {
          continue
        }
        settings = wrapper.config
        if wrapper.disabled {
          disable(name)
          continue
        }
        if settings.typeURL.isEmpty {
          wake(name, notes: &notes)
          continue
        }
      }
      apply(settings, name: name, notes: &notes)
    }
  }

  /// Settings without content turn on what the connection manager has and does not use; what it uses, they leave as it is.
  private mutating func wake(_ name: String, notes: inout Notes) {
    guard let settings = dormant[name] else { return }
    switch kinds[name] {
    case .roleBasedAccess:
      if AccessControl.guardsAccess(rbac: settings.value) { guardAccess(name, notes: &notes) }
    case .guarding: guardAccess(name, notes: &notes)
    default: apply(settings, name: name, notes: &notes)
    }
  }

  private mutating func apply(_ settings: Google_Protobuf_Any, name: String, notes: inout Notes) {
    switch settings.kind {
    case .fault: fault = settings.decoded(ConnectionSettings.Fault.self, notes: &notes)
    case .cors:
      let policy = settings.decoded(Envoy_Extensions_Filters_Http_Cors_V3_CorsPolicy.self, notes: &notes)
      if let policy { notes.unread(policy) }
      cors = policy.map { CORSTranslation($0) }
    case .rateLimit: rateLimit = settings.decoded(ConnectionSettings.RateLimit.self, notes: &notes)
    case .router, .observing: break
    case .roleBasedAccess:
      if AccessControl.guardsAccess(rbacOfRoute: settings.value) { guardAccess(name, notes: &notes) }
    case .guarding: guardAccess(name, notes: &notes)
    case .other: notes.add(.filterConfig, name)
    }
  }

  private mutating func guardAccess(_ name: String, notes: inout Notes) {
    notes.add(.accessControl, name)
    guardingFilter = guardingFilter ?? name
  }

  private mutating func disable(_ name: String) {
    switch kinds[name] ?? Self.usual[name] {
    case .fault: fault = nil
    case .cors: cors = nil
    case .rateLimit: rateLimit = nil
    default: break
    }
  }

  /// The names that filters have where nobody gives them others.
  private static let usual: [String: FilterKind] = [
    "envoy.filters.http.cors": .cors, "envoy.filters.http.fault": .fault,
    "envoy.filters.http.local_ratelimit": .rateLimit,
  ]

  func addPlugins(to plugins: inout JSONObject, notes: inout Notes) {
    if let fault = fault.map({ FaultTranslation($0, notes: &notes) }) {
      if !fault.injection.isEmpty { plugins["fault-injection"] = .object(fault.injection) }
      if !fault.asked.isEmpty { plugins.addToSidecarPlugin("fault", .object(fault.asked)) }
    }
    if let cors = cors?.plugin(notes: &notes) { plugins["cors"] = cors }
    if let limit = rateLimit?.plugin(notes: &notes) { plugins["limit-req"] = limit }
  }
}

extension Envoy_Extensions_Filters_Http_LocalRatelimit_V3_LocalRateLimit {
  /// Settings of limit-req: a leaky bucket that may overflow by what Envoy's bucket holds.
  fileprivate func plugin(notes: inout Notes) -> JSONValue? {
    guard hasTokenBucket else { return nil }
    let shares = [
      hasFilterEnabled ? Fraction(filterEnabled.defaultValue) : nil,
      hasFilterEnforced ? Fraction(filterEnforced.defaultValue) : nil,
    ]
    // Where nothing is said, Envoy limits nothing.
    guard shares.allSatisfy({ $0.map { !$0.isNone } ?? false }) else { return nil }
    notes.unread(self)
    let interval = Milliseconds(tokenBucket.fillInterval)
    guard tokenBucket.maxTokens > 0, !interval.isZero else {
      notes.add(.rateLimit, "a bucket without tokens or interval is left out")
      return nil
    }
    if !responseHeadersToAdd.isEmpty { notes.add(.rateLimit, "headers of its answers are left out") }
    if !shares.allSatisfy({ $0?.isAll ?? false }) { notes.add(.rateLimit, "a share of requests only; taken for all") }
    let tokens = tokenBucket.hasTokensPerFill ? tokenBucket.tokensPerFill.value : 1
    let perSecond = Milliseconds(count: max(1, Int(clamping: UInt64(tokens) * 1_000_000 / UInt64(interval.count))))
    notes.add(.rateLimit)
    let code = status.code >= 400 && status.code <= 599 ? Int(status.code) : 429
    return [
      "rate": perSecond.seconds,
      "burst": .number(JSONNumber(Int(tokenBucket.maxTokens) - 1)),
      // Without it, APISIX's schema asks for where a Redis is.
      "policy": "local",
      "key": "route_id",
      "nodelay": true,
      "rejected_code": .number(JSONNumber(code)),
    ]
  }
}
