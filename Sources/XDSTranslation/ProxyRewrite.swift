import EnvoyAPI
import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// How a request is changed on its way to the upstream.
struct ProxyRewrite {
  private(set) var path: (pattern: String, replacement: String)?
  private(set) var host: String?
  /// For the sidecar's plugin, like the path: the host comes from a header, or from the path.
  private(set) var computedHost: JSONValue?
  var headers = HeaderChanges(.request)

  mutating func rewritePath(
    of action: Envoy_Config_Route_V3_RouteAction,
    matched match: Envoy_Config_Route_V3_RouteMatch,
    notes: inout Notes
  ) {
    if !action.prefixRewrite.isEmpty {
      rewritePath(prefix: action.prefixRewrite, matched: match)
    } else if action.hasRegexRewrite {
      _ = rewritePath(action.regexRewrite, notes: &notes)
    }
  }

  /// - Returns: false where the redirect's expression can't be followed.
  mutating func rewritePath(
    of redirect: Envoy_Config_Route_V3_RedirectAction,
    matched match: Envoy_Config_Route_V3_RouteMatch,
    notes: inout Notes
  ) -> Bool {
    switch redirect.pathRewriteSpecifier {
    // Istio writes an empty one where the path stays.
    case .prefixRewrite(let prefix): if !prefix.isEmpty { rewritePath(prefix: prefix, matched: match) }
    case .regexRewrite(let rewrite): return rewritePath(rewrite, notes: &notes)
    case .pathRedirect, nil: break
    }
    return true
  }

  private mutating func rewritePath(prefix: String, matched match: Envoy_Config_Route_V3_RouteMatch) {
    path = (match.matchedPattern, prefix.replacingCharacter("$", with: "$$"))
  }

  private mutating func rewritePath(
    _ rewrite: Envoy_Type_Matcher_V3_RegexMatchAndSubstitute,
    notes: inout Notes
  ) -> Bool {
    let expression = rewrite.pattern.regex
    guard Pattern.isTranslatable(expression) else {
      notes.add(.regex, "the rewrite's expression")
      return false
    }
    path = ("(?:" + expression + ")", Pattern.replacement(rewrite.substitution))
    return true
  }

  mutating func rewriteHost(of action: Envoy_Config_Route_V3_RouteAction, notes: inout Notes) {
    switch action.hostRewriteSpecifier {
    case .hostRewriteLiteral(let host):
      if Self.isHost(host) { self.host = host } else { notes.add(.hostName, host) }
    case .hostRewriteHeader(let name):
      if RequestVariable.isToken(name) {
        computedHost = ["header": .string(name)]
      } else {
        notes.add(.hostName, "of \(name)")
      }
    case .hostRewritePathRegex(let rewrite):
      guard Pattern.isTranslatable(rewrite.pattern.regex) else { return notes.add(.regex, "of the host's rewrite") }
      computedHost = [
        "pattern": .string(rewrite.pattern.regex), "replacement": .string(Pattern.replacement(rewrite.substitution)),
      ]
    case .autoHostRewrite, nil: break
    }
  }

  /// The pattern of proxy-rewrite's schema.
  private static func isHost(_ host: String) -> Bool {
    let parts = host.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, !name.isEmpty,
      name.utf8.allSatisfy({ $0 == 0x2D || $0 == 0x2E || RequestVariable.isAlphanumeric($0) })
    else { return false }
    return parts.count == 1 || (1...5).contains(parts[1].utf8.count) && UInt32(parts[1]) != nil
  }

  func add(to plugins: inout JSONObject) {
    if let path {
      // proxy-rewrite would take the decoded path, and encode it as it likes.
      plugins.addToSidecarPlugin("path", ["pattern": .string(path.pattern), "replacement": .string(path.replacement)])
    }
    if let computedHost { plugins.addToSidecarPlugin("host", computedHost) }
    var plugin = JSONObject()
    if let host { plugin["host"] = .string(host) }
    if !headers.isEmpty { plugin["headers"] = headers.requestHeaders }
    if plugin.isEmpty { return }
    // The path stays as it is spelled.
    plugin["use_real_request_uri_unsafe"] = true
    plugins["proxy-rewrite"] = .object(plugin)
  }
}

extension Envoy_Config_Route_V3_RouteMatch {
  /// The part of the path that a prefix rewrite replaces.
  var matchedPattern: String {
    let flags = hasCaseSensitive && !caseSensitive.value ? "(?i)" : ""
    switch pathSpecifier {
    case .prefix(let prefix): return flags + "^" + Pattern.literal(prefix)
    case .pathSeparatedPrefix(let prefix): return flags + "^" + Pattern.literal(prefix)
    case .path(let path): return flags + Pattern.exactly(path)
    case .safeRegex, .connectMatcher, .pathMatchPolicy, nil: return #"(?s)^.*\z"#
    }
  }
}
