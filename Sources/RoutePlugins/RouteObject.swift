import KubernetesObjects
import PluginConfiguration

/// What targets want to know of a route, read from APISIX's object as the translation makes it.
enum RouteObject {
  /// The variable with the listener that a request came in by: `i:8080`, `o:80`, `o:10.96.0.1:80`, or without a port for
  /// listeners that take every one.
  private static let listener = "amesh_listener"

  static func service(_ route: JSONValue) -> String? { route["service_id"]?.string }

  /// Of a route by itself, or of a service.
  static func hosts(_ object: JSONValue) -> [String] {
    object["host"]?.string.map { [$0] } ?? object["hosts"]?.array?.compactMap(\.string) ?? []
  }

  static func traits(_ route: JSONValue, serviceHosts: (String) -> [String]) -> RouteTraits {
    var hosts = hosts(route)
    if hosts.isEmpty, let service = service(route) { hosts = serviceHosts(service) }
    var traits = RouteTraits(hosts: hosts)
    for key in listeners(route) {
      switch key.first {
      case "i": traits.directions.insert(.inbound)
      case "o": traits.directions.insert(.outbound)
      default: continue
      }
      guard let colon = key.lastIndex(of: ":"), let port = Int(key[key.index(after: colon)...]) else { continue }
      if !traits.ports.contains(port) { traits.ports.append(port) }
    }
    return traits
  }

  private static func listeners(_ route: JSONValue) -> [String] {
    for condition in route["vars"]?.array ?? [] {
      guard let parts = condition.array, parts.count == 3, parts[0].string == listener else { continue }
      switch parts[1].string {
      case "=="?: return parts[2].string.map { [$0] } ?? []
      case "in"?: return parts[2].array?.compactMap(\.string) ?? []
      default: continue
      }
    }
    return []
  }
}
