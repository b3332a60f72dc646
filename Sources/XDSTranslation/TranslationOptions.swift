/// What the translation has to know of the sidecar that it is for.
package struct TranslationOptions: Sendable, Hashable {
  /// Where the application is reached that traffic from outside is for.
  package var applicationAddress = "127.0.0.1"
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
/// request to where the connection was going.
package enum SidecarPlugin {
  package static let name = "amesh"
  package static let listenerVariable = "amesh_listener"
}
