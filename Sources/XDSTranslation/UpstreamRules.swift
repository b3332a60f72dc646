import EnvoyConfig
import KubernetesObjects

/// What holds of an upstream and does not fit into APISIX's object: labels of it, by which the sidecar's plugin sees to it.
struct UpstreamRules: Sendable, Hashable {
  /// How many requests may be under way at a time, together for all upstreams of the cluster; nil for any.
  var requests: Int?
  var tls: TLSOrigination?

  /// Empty where there is nothing to see to.
  func labels(of cluster: String) -> JSONObject {
    var labels = JSONObject()
    if let requests {
      labels[SidecarPlugin.limitLabel] = .string(String(requests))
      labels[SidecarPlugin.limitedLabel] = .string(ObjectID.of("cluster", cluster))
    }
    if let name = tls?.name { labels[SidecarPlugin.serverNameLabel] = .string(name) }
    if let authorities = tls?.authorities { labels[SidecarPlugin.authoritiesLabel] = .string(authorities.id) }
    return labels
  }
}
