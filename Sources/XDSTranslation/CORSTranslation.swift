import EnvoyAPI
import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// Who may call from elsewhere, in either of the two places where Envoy has it.
struct CORSTranslation {
  private var origins: [Envoy_Type_Matcher_V3_StringMatcher]
  private var methods: String
  private var headers: String
  private var exposed: String
  private var maxAge: String
  private var allowsCredentials: Bool
  private var enabled: Fraction?

  init(_ policy: Envoy_Config_Route_V3_CorsPolicy) {
    origins = policy.allowOriginStringMatch
    (methods, headers, exposed) = (policy.allowMethods, policy.allowHeaders, policy.exposeHeaders)
    maxAge = policy.maxAge
    allowsCredentials = policy.allowCredentials.value
    if case .filterEnabled(let fraction) = policy.enabledSpecifier { enabled = Fraction(fraction.defaultValue) }
  }

  init(_ policy: Envoy_Extensions_Filters_Http_Cors_V3_CorsPolicy) {
    origins = policy.allowOriginStringMatch
    (methods, headers, exposed) = (policy.allowMethods, policy.allowHeaders, policy.exposeHeaders)
    maxAge = policy.maxAge
    allowsCredentials = policy.allowCredentials.value
    if policy.hasFilterEnabled { enabled = Fraction(policy.filterEnabled.defaultValue) }
  }

  /// Settings of the cors plugin; nil where the policy is off or allows nobody.
  func plugin(notes: inout Notes) -> JSONValue? {
    guard !(enabled?.isNone ?? false), !origins.isEmpty else { return nil }
    if let enabled, !enabled.isAll { notes.add(.cors, "a share of requests only; taken for all") }
    var plugin = JSONObject()
    let caller = "http_origin"
    let allowed: Expression
    let exact = origins.compactMap { if case .exact(let text) = $0.matchPattern, !$0.ignoreCase { text } else { nil } }
    if exact.contains("*") {
      plugin["allow_origins"] = allowsCredentials ? "**" : "*"
      allowed = .isPresent(caller)
    } else if exact.count == origins.count, Self.isList(exact) {
      plugin["allow_origins"] = .string(exact.joined(separator: ","))
      allowed = .isOneOf(caller, exact)
    } else {
      let patterns = origins.compactMap(\.pattern)
      if patterns.count < origins.count { notes.add(.regex, "an origin's expression") }
      guard !patterns.isEmpty else { return nil }
      let sorted = Set(patterns).sorted()
      plugin["allow_origins_by_regex"] = .array(sorted.map { .string($0) })
      allowed = .matches(caller, sorted.map { "(?:\($0))" }.joined(separator: "|"))
    }
    // The plugin's own defaults are `*`, which credentials do not go with.
    plugin["allow_methods"] = .string(listed(methods))
    plugin["allow_headers"] = .string(listed(headers))
    // So is that of origins, which counts for nothing beside expressions.
    if allowsCredentials, plugin["allow_origins"] == nil { plugin["allow_origins"] = "null" }
    if !exposed.isEmpty { plugin["expose_headers"] = .string(listed(exposed)) }
    if let age = Int(maxAge), (0...31_536_000).contains(age) {
      plugin["max_age"] = .number(JSONNumber(age))
    } else if !maxAge.isEmpty {
      notes.add(.cors, "max_age \(maxAge) is left out")
    }
    if allowsCredentials { plugin["allow_credential"] = true }
    // The plugin answers all OPTIONS by itself. Those that are no preflight of somebody allowed are the application's.
    var filter = allowed
    let others = Expression.equals("request_method", "OPTIONS").negated
    filter.add(.either(others, .isPresent("http_access_control_request_method")))
    plugin["_meta"] = ["filter": filter.value]
    return .object(plugin)
  }

  private func listed(_ names: String) -> String { names == "*" && allowsCredentials ? "**" : names }

  /// The pattern of the plugin's schema.
  private static func isList(_ origins: [String]) -> Bool {
    origins.allSatisfy(isOrigin) && (origins.count == 1 || !origins.contains("null"))
  }

  private static func isOrigin(_ origin: String) -> Bool {
    let scheme = origin.utf8.prefix { RequestVariable.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
    let rest = origin.utf8.dropFirst(scheme.count)
    guard rest.starts(with: "://".utf8) else { return origin == "null" }
    return !scheme.isEmpty && rest.count > 3 && !rest.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") }
  }
}
