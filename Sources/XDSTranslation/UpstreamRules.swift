import EnvoyConfig
import KubernetesObjects

/// What holds of an upstream and does not fit into APISIX's object: the sidecar's plugin sees to it.
struct UpstreamRules: Sendable, Hashable {
  /// How many requests may be under way at a time, together for all upstreams of the cluster; nil for any.
  var requests: Int?
  var tls: TLSOrigination?

  /// Nil where there is nothing to see to.
  func value(of cluster: String) -> JSONValue? {
    var rule = JSONObject()
    if let requests {
      rule["key"] = .string(ObjectID.of("cluster", cluster))
      rule["requests"] = .number(JSONNumber(requests))
    }
    rule["tls"] = tls?.value
    return rule.isEmpty ? nil : .object(rule)
  }
}

/// The rules of all upstreams, as objects of APISIX's. They are there without rules too: a worker that takes up an upstream
/// has the plugin.
struct UpstreamRuleBook: Sendable {
  private var rules: [String: JSONValue] = [:]
  private var isChanged = true

  mutating func set(_ rule: JSONValue?, for upstream: String) {
    guard rules[upstream] != rule else { return }
    rules[upstream] = rule
    isChanged = true
  }

  /// What is to be set.
  mutating func takeChange() -> [APISIXObject] {
    guard isChanged else { return [] }
    isChanged = false
    var upstreams = JSONObject()
    for (id, rule) in rules.sorted(by: { $0.key < $1.key }) { upstreams[id] = rule }
    let name = SidecarPlugin.upstreamName
    return [
      APISIXObject(.pluginMetadata, id: name, origin: "clusters", ["upstreams": .object(upstreams)]),
      APISIXObject(.globalRules, id: name, origin: "clusters", ["plugins": .object([name: [:]])]),
    ]
  }
}
