import EnvoyAPI
import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

extension Envoy_Config_Route_V3_RedirectAction {
  /// The redirect plugin's settings; the sidecar's, which comes before it, has rewritten the path.
  func plugin(notes: inout Notes) -> JSONValue {
    var plugin: JSONObject = ["ret_code": .number(JSONNumber(status))]
    if scheme == "https", hostRedirect.isEmpty, port.isEmpty { notes.add(.redirectPort) }
    if case .pathRedirect(let path) = pathRewriteSpecifier, !path.isEmpty {
      plugin["uri"] = .string(origin + Self.escaped(path))
      if !stripQuery, !path.contains("?") { plugin["append_query_string"] = true }
    } else {
      let path = "$" + SidecarPlugin.pathVariable
      plugin["uri"] = .string(origin + path + (stripQuery ? "" : "$" + SidecarPlugin.queryVariable))
    }
    return .object(plugin)
  }

  private var status: Int {
    switch responseCode {
    case .movedPermanently, .UNRECOGNIZED: 301
    case .found: 302
    case .seeOther: 303
    case .temporaryRedirect: 307
    case .permanentRedirect: 308
    }
  }

  private var scheme: String? {
    switch schemeRewriteSpecifier {
    case .httpsRedirect(true): "https"
    case .schemeRedirect(let scheme) where !scheme.isEmpty: scheme
    default: nil
    }
  }

  private var port: String { portRedirect == 0 ? "" : ":\(portRedirect)" }

  /// Scheme and host, with variables for what stays.
  private var origin: String {
    let host = hostRedirect.isEmpty ? (port.isEmpty ? "$http_host" : "$host") : Self.escaped(hostRedirect)
    return "\(scheme ?? "$" + SidecarPlugin.schemeVariable)://\(host)\(port)"
  }

  /// The plugin takes a dollar sign for a variable's, and loses backslashes; in a URI, this means the same.
  private static func escaped(_ text: String) -> String {
    text.replacingCharacter("$", with: "%24").replacingCharacter("\\", with: "%5C")
  }
}
