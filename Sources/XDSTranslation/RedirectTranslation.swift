import EnvoyAPI
import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

extension Envoy_Config_Route_V3_RedirectAction {
  /// The redirect plugin's settings.
  func plugin(matching match: Envoy_Config_Route_V3_RouteMatch, notes: inout Notes) -> JSONValue? {
    var plugin: JSONObject = ["ret_code": .number(JSONNumber(status))]
    switch pathRewriteSpecifier {
    case .prefixRewrite(let prefix):
      notes.add(.redirectRewrite)
      let rest = match.isExact ? "" : "$1"
      let pattern = match.matchedPattern + (match.isExact ? "" : "(.*)")
      plugin["regex_uri"] = [.string(pattern), .string(fixedOrigin + prefix.replacing("$", with: "$$") + rest)]
      if !stripQuery { plugin["append_query_string"] = true }
    case .regexRewrite(let rewrite):
      guard Pattern.isTranslatable(rewrite.pattern.regex) else {
        notes.add(.regex, "the redirect's expression")
        return nil
      }
      notes.add(.redirectRewrite)
      plugin["regex_uri"] = [
        .string("(?:" + rewrite.pattern.regex + ")"),
        .string(Pattern.replacement(rewrite.substitution)),
      ]
      if !stripQuery { plugin["append_query_string"] = true }
    case .pathRedirect(let path):
      plugin["uri"] = .string(origin + Self.escaped(path))
      if !stripQuery, !path.contains("?") { plugin["append_query_string"] = true }
    case nil:
      plugin["uri"] = .string(origin + (stripQuery ? "$uri" : "$request_uri"))
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
    return "\(scheme ?? "$scheme")://\(host)\(port)"
  }

  /// The same where no variable is resolved: what stays is left to the client.
  private var fixedOrigin: String {
    guard !hostRedirect.isEmpty else { return "" }
    return "\(scheme.map { $0 + ":" } ?? "")//\(hostRedirect.replacing("$", with: "$$"))\(port)"
  }

  /// The plugin takes a dollar sign for a variable's, and loses backslashes; in a URI, this means the same.
  private static func escaped(_ text: String) -> String {
    text.replacing("$", with: "%24").replacing("\\", with: "%5C")
  }
}

extension Envoy_Config_Route_V3_RouteMatch {
  fileprivate var isExact: Bool {
    switch pathSpecifier {
    case .path, .safeRegex: true
    default: false
    }
  }
}
