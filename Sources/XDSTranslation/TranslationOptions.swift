import KubernetesObjects

/// What the translation has to know of the sidecar that it is for.
package struct TranslationOptions: Sendable, Hashable {
  /// The port that takes traffic in mutual TLS.
  package var mutualTLSPort = 19443

  package init() {}
}

/// What the Lua plugin of the sidecar gives to the routes, and takes from them.
///
/// The plugin finds the Envoy listener that would have taken a connection: `o` or `i` for the port of APISIX that it came
/// in by (outbound or inbound), then the first of `o:ADDRESS:PORT`, `o:PORT` and `o` (an IPv6 address in brackets) that
/// the plugin's metadata lists in `listeners`, by the connection's original destination; inbound `i:PORT`, then `i`. Its
/// name is the variable `amesh_listener`. On a route, `{"upstream": "original-destination"}` makes the plugin send the
/// request to where the connection was going, or to another `port` there, by the `scheme` or what the client speaks, again
/// up to `retries` times within `retry_timeout` seconds; `fault` has the shares of requests up to which a request's own
/// headers are obeyed that ask for a fault, `host` where a request's host comes from, `path` how its path is rewritten, and
/// `append` which headers its response gets beside its own.
package enum SidecarPlugin {
  /// The one that looks at every request, for what holds of an upstream whichever route leads to it.
  package static let upstreamName = "amesh-upstream"
  /// On upstreams: how many requests may be under way at a time, and to what, since a cluster may have several.
  package static let limitLabel = "amesh-limit"
  package static let limitedLabel = "amesh-limited"
  /// The name that TLS asks for, and the authorities by which the server has to be certified for it; without these it is
  /// not verified. They are in the metadata, since they are long and shared.
  package static let serverNameLabel = "amesh-sni"
  package static let authoritiesLabel = "amesh-authorities"
  package static let name = "amesh"
  package static let listenerVariable = "amesh_listener"
  /// The path as Envoy would compare it, and behind it the query with its question mark.
  package static let pathVariable = "amesh_path"
  package static let queryVariable = "amesh_query"
  /// What the client speaks, or what a gateway before has said that it does.
  package static let schemeVariable = "amesh_scheme"
}

extension JSONObject {
  /// One more setting of the sidecar's plugin on a route.
  mutating func addToSidecarPlugin(_ name: String, _ value: JSONValue) {
    var settings = self[SidecarPlugin.name]?.object ?? [:]
    settings[name] = value
    self[SidecarPlugin.name] = .object(settings)
  }
}
