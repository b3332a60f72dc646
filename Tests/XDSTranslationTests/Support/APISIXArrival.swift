import Foundation
import KubernetesObjects

@testable import XDSTranslation

/// What proxy-rewrite, redirect and the sidecar's plugin make of a request, as their sources have it.
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
    let uri = variables[SidecarPlugin.pathVariable] ?? ""
    let query = (variables["request_uri"] ?? "").split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init)
    let path = Self.substituted(uri, route["plugins"]?[SidecarPlugin.name]?["path"]) ?? uri
    let mark = query.map { "?" + $0 } ?? ""
    target = path + mark
    host = rewrite?["host"]?.string ?? variables["http_host"] ?? ""
    added = rewrite?["headers"]?["add"]?["x-added"]?.string ?? rewrite?["headers"]?["set"]?["x-added"]?.string ?? ""
    var variables = variables
    variables[SidecarPlugin.pathVariable] = path
    variables[SidecarPlugin.queryVariable] = mark
    location = route["plugins"]?["redirect"].map { [variables] redirect in
      let appended = redirect["append_query_string"] == true ? query : nil
      let uri = Self.resolved(redirect["uri"]?.string ?? "", variables)
      return uri + (appended.map { (uri.contains("?") ? "&" : "?") + $0 } ?? "")
    }
  }

  /// `ngx.re.gsub`: `$1` and `${1}` are groups, `$$` is a dollar sign.
  private static func substituted(_ text: String, _ setting: JSONValue?) -> String? {
    guard let pattern = setting?["pattern"]?.string, let template = setting?["replacement"]?.string,
      let expression = try? NSRegularExpression(pattern: pattern)
    else { return nil }
    var result = ""
    var end = text.startIndex
    for match in expression.matches(in: text, range: NSRange(text.startIndex..., in: text)) {
      guard let range = Range(match.range, in: text) else { continue }
      func group(_ number: Int) -> String {
        guard number < match.numberOfRanges, let range = Range(match.range(at: number), in: text) else { return "" }
        return String(text[range])
      }
      result += text[end..<range.lowerBound]
      result += template.replacing(/\$(\$|\{(\d+)\}|(\d+))/) { found in
        (found.2 ?? found.3).flatMap { Int($0) }.map { group($0) } ?? "$"
      }
      end = range.upperBound
    }
    return result + text[end...]
  }

  /// The variables of a redirect's URI.
  private static func resolved(_ text: String, _ variables: [String: String]) -> String {
    text.replacing(/\$\{?([a-z_0-9]+)\}?/) { variables[String($0.1)] ?? "" }
  }
}
