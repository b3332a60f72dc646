import Foundation
import KubernetesObjects

/// What the plugins proxy-rewrite and redirect make of a request, as their sources have it.
struct APISIXArrival {
  /// Path and query as the upstream sees them.
  let target: String
  let host: String
  /// The header `x-added` that the route adds to.
  let added: String
  /// Of a redirect.
  let location: String?

  init(_ route: JSONValue, _ variables: [String: String]) {
    let rewrite = route["plugins"]?["proxy-rewrite"]
    let uri = variables["uri"] ?? ""
    let query = (variables["request_uri"] ?? "").split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init)
    let path = Self.substituted(uri, rewrite?["regex_uri"]) ?? uri
    target = path + (query.map { (path.contains("?") ? "&" : "?") + $0 } ?? "")
    host = rewrite?["host"]?.string ?? variables["http_host"] ?? ""
    added = rewrite?["headers"]?["add"]?["x-added"]?.string ?? rewrite?["headers"]?["set"]?["x-added"]?.string ?? ""
    var variables = variables
    variables["upstream_uri"] = target
    location = route["plugins"]?["redirect"].map { [variables] redirect in
      let appended = redirect["append_query_string"] == true ? query : nil
      let uri = Self.substituted(uri, redirect["regex_uri"]) ?? Self.resolved(redirect["uri"]?.string ?? "", variables)
      return uri + (appended.map { (uri.contains("?") ? "&" : "?") + $0 } ?? "")
    }
  }

  /// `ngx.re.sub`: the first place only; `$1` and `${1}` are groups, `$$` is a dollar sign.
  private static func substituted(_ text: String, _ setting: JSONValue?) -> String? {
    guard let parts = setting?.array, let pattern = parts.first?.string, let template = parts.last?.string,
      let expression = try? NSRegularExpression(pattern: pattern)
    else { return nil }
    guard let match = expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)),
      let range = Range(match.range, in: text)
    else { return text }
    func group(_ number: Int) -> String {
      guard number < match.numberOfRanges, let range = Range(match.range(at: number), in: text) else { return "" }
      return String(text[range])
    }
    let replacement = template.replacing(/\$(\$|\{(\d+)\}|(\d+))/) { found in
      (found.2 ?? found.3).flatMap { Int($0) }.map { group($0) } ?? "$"
    }
    return text.replacingCharacters(in: range, with: replacement)
  }

  /// The variables of a redirect's URI.
  private static func resolved(_ text: String, _ variables: [String: String]) -> String {
    text.replacing(/\$\{?([a-z_0-9]+)\}?/) { variables[String($0.1)] ?? "" }
  }
}
