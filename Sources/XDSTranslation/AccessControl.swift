import FoundationEssentials
import SwiftProtobuf

/// Which filters decide who may pass. None of them is enforced, so that where one is, nothing may pass.
enum AccessControl {
  /// HTTP filters, by the package of their settings.
  static let filters: Set<Substring> = [
    "jwt_authn", "ext_authz", "oauth2", "basic_auth", "api_key_auth", "csrf", "credential_injector",
  ]

  /// Whether role-based access of a connection manager is more than a look. Shadow rules only log.
  static func guardsAccess(rbac settings: Data) -> Bool { decides(settings, rules: 1, matcher: 4) }

  /// The same of a connection's filter, which has other numbers.
  static func guardsAccess(networkRBAC settings: Data) -> Bool { decides(settings, rules: 1, matcher: 6) }

  /// The same of one route: without settings of its own, the filter is off.
  static func guardsAccess(rbacOfRoute settings: Data) -> Bool {
    guard UnreadFields.numbers(in: settings).contains(2) else { return false }
    let own = UnreadFields.contents(of: 2, in: settings)
    // Two that are there are one, of which this can't tell.
    return own.count == 1 ? own.contains { guardsAccess(rbac: $0) } : true
  }

  private static func decides(_ settings: Data, rules: Int, matcher: Int) -> Bool {
    let fields = UnreadFields.numbers(in: settings)
    if fields.contains(matcher) { return true }
    guard fields.contains(rules) else { return false }
    let contents = UnreadFields.contents(of: rules, in: settings)
    return contents.isEmpty || contents.contains { UnreadFields.value(of: 1, in: $0) != logging }
  }

  /// The action of rules that let everything pass, such as Istio's AUDIT.
  private static let logging: UInt64 = 2

  /// Whether settings that hold others, or say of which type others will be, name a filter that guards access.
  static func isNamed(in settings: Data) -> Bool {
    let text = String(decoding: settings, as: UTF8.self)
    return filters.union(["rbac"]).contains { text.contains("envoy.extensions.filters.http.\($0).") }
      || text.contains("envoy.extensions.filters.network.rbac.")
      || text.contains("envoy.extensions.filters.network.ext_authz.")
  }
}
