import EnvoyAPI
import EnvoyConfig
import SwiftProtobuf

@testable import XDSTranslation

/// Envoy's choice of listener, virtual host and route, by its documentation, as plainly as it can be said.
struct EnvoyReference {
  let listeners: [Envoy_Config_Listener_V3_Listener]
  let configurations: [String: Envoy_Config_Route_V3_RouteConfiguration]
  let clusters: Set<String>

  init(_ resources: ResourceChanges) {
    listeners = resources.listeners.set
    configurations = Dictionary(uniqueKeysWithValues: resources.routes.set.map { ($0.name, $0) })
    clusters = Set(resources.clusters.set.map(\.name))
  }

  func destination(of request: TestRequest) -> Destination {
    guard let manager = manager(for: request), let configuration = configurations[manager.rds.routeConfigName] else {
      return .nothing
    }
    let authority = authority(of: request, by: manager).lowercased()
    guard let host = virtualHost(authority, in: configuration) else { return .status(404) }
    guard let route = host.routes.first(where: { matches($0.match, request) }) else { return .status(404) }
    switch route.action {
    case .route(let action):
      if case .weightedClusters(let weighted) = action.clusterSpecifier {
        return .among(Set(weighted.clusters.filter { $0.weight.value > 0 }.map(\.name)))
      }
      return clusters.contains(action.cluster) ? .cluster(action.cluster) : .status(503)
    case .directResponse(let response): return .status(Int(response.status))
    case .redirect(let redirect):
      let codes: [Int: Int] = [0: 301, 1: 302, 2: 303, 3: 307, 4: 308]
      return codes[redirect.responseCode.rawValue].map { .status($0) } ?? .nothing
    default: return .nothing
    }
  }

  /// The listener of the very address goes over the one of the port.
  private func manager(for request: TestRequest) -> Manager? {
    let direction = request.isInbound ? Envoy_Config_Core_V3_TrafficDirection.inbound : .outbound
    let candidates = listeners.filter {
      $0.trafficDirection == direction && $0.address.socketAddress.portValue == request.port
    }
    let listener =
      candidates.first { $0.address.socketAddress.address == request.address }
      ?? candidates.first { $0.address.socketAddress.address == "0.0.0.0" }
    let typed = listener?.filterChains.first?.filters.first?.typedConfig
    return typed.flatMap { try? Manager(unpackingAny: $0) }
  }

  private typealias Manager = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager

  private func authority(of request: TestRequest, by manager: Manager) -> String {
    let authority = request.authority
    guard authority.last != "]", let colon = authority.lastIndex(of: ":") else { return authority }
    let isOwn = authority[colon...] == ":\(request.port)"
    let isStripped = manager.stripAnyHostPort || manager.stripMatchingHostPort && isOwn
    return isStripped ? String(authority[..<colon]) : authority
  }

  private func virtualHost(
    _ authority: String,
    in configuration: Envoy_Config_Route_V3_RouteConfiguration
  ) -> Envoy_Config_Route_V3_VirtualHost? {
    var host = authority
    if configuration.ignorePortInHostMatching, host.last != "]", let colon = host.lastIndex(of: ":") {
      host = String(host[..<colon])
    }
    var best: (rank: (Int, Int), host: Envoy_Config_Route_V3_VirtualHost)?
    for candidate in configuration.virtualHosts {
      for domain in candidate.domains {
        guard let rank = rank(of: domain.lowercased(), host) else { continue }
        if best.map({ $0.rank < rank }) ?? true { best = (rank, candidate) }
      }
    }
    return best?.host
  }

  /// Exact, then suffix, then prefix, each the longest; then `*`.
  private func rank(of domain: String, _ host: String) -> (Int, Int)? {
    if domain == "*" { return (0, 0) }
    if domain.hasPrefix("*") {
      let suffix = domain.dropFirst()
      return host.hasSuffix(suffix) && host.count > suffix.count ? (2, suffix.count) : nil
    }
    if domain.hasSuffix("*") {
      let prefix = domain.dropLast()
      return host.hasPrefix(prefix) && host.count > prefix.count ? (1, prefix.count) : nil
    }
    return domain == host ? (3, 0) : nil
  }

  private func matches(_ match: Envoy_Config_Route_V3_RouteMatch, _ request: TestRequest) -> Bool {
    let isSensitive = !match.hasCaseSensitive || match.caseSensitive.value
    func folded(_ text: String) -> String { isSensitive ? text : text.lowercased() }
    let path = request.path
    let pathMatches =
      switch match.pathSpecifier {
      case .prefix(let prefix): folded(path).hasPrefix(folded(prefix)) || prefix.isEmpty
      case .path(let exact): folded(path) == folded(exact)
      case .pathSeparatedPrefix(let prefix):
        folded(path) == folded(prefix) || folded(path).hasPrefix(folded(prefix) + "/")
      case .safeRegex(let matcher): whole(matcher.regex, path)
      default: false
      }
    return pathMatches && match.headers.allSatisfy { matches($0, request) }
      && match.queryParameters.allSatisfy { matches($0, request) }
      && (!match.hasGrpc || isGRPC(request.headers["content-type"] ?? ""))
      && (!match.hasRuntimeFraction || match.runtimeFraction.defaultValue.numerator > 0)
  }

  private func isGRPC(_ type: String) -> Bool { type == "application/grpc" || type.hasPrefix("application/grpc+") }

  private func matches(_ matcher: Envoy_Config_Route_V3_HeaderMatcher, _ request: TestRequest) -> Bool {
    let value: String? =
      switch matcher.name {
      case ":method": request.method
      case ":path": request.target
      case ":authority": request.authority
      default: request.headers[matcher.name.lowercased()]
      }
    // What is missing and counts as empty is there.
    let isThere = value != nil || matcher.treatMissingHeaderAsEmpty
    if case .presentMatch(let wanted) = matcher.headerMatchSpecifier {
      return matcher.treatMissingHeaderAsEmpty
        ? wanted != matcher.invertMatch : (isThere == wanted) != matcher.invertMatch
    }
    guard let specifier = matcher.headerMatchSpecifier else { return isThere != matcher.invertMatch }
    guard let value = value ?? (matcher.treatMissingHeaderAsEmpty ? "" : nil) else { return false }
    let matches =
      switch specifier {
      case .exactMatch(let text): text.isEmpty || value == text
      case .prefixMatch(let text): value.hasPrefix(text) || text.isEmpty
      case .suffixMatch(let text): value.hasSuffix(text) || text.isEmpty
      case .containsMatch(let text): value.contains(text) || text.isEmpty
      case .safeRegexMatch(let regex): whole(regex.regex, value)
      case .stringMatch(let matcher): self.matches(matcher, value)
      case .rangeMatch(let range): Int64(value).map { $0 >= range.start && $0 < range.end } ?? false
      case .presentMatch: true
      }
    return matches != matcher.invertMatch
  }

  private func matches(_ matcher: Envoy_Config_Route_V3_QueryParameterMatcher, _ request: TestRequest) -> Bool {
    let value = request.query[matcher.name]
    switch matcher.queryParameterMatchSpecifier {
    case .stringMatch(let matcher): return value.map { matches(matcher, $0) } ?? false
    case .presentMatch(let wanted): return (value != nil) == wanted
    case nil: return value != nil
    }
  }

  private func matches(_ matcher: Envoy_Type_Matcher_V3_StringMatcher, _ value: String) -> Bool {
    func folded(_ text: String) -> String { matcher.ignoreCase ? text.lowercased() : text }
    return switch matcher.matchPattern {
    case .exact(let text): folded(value) == folded(text)
    case .prefix(let text): text.isEmpty || folded(value).hasPrefix(folded(text))
    case .suffix(let text): text.isEmpty || folded(value).hasSuffix(folded(text))
    case .contains(let text): text.isEmpty || folded(value).contains(folded(text))
    case .safeRegex(let regex): whole(regex.regex, value)
    case nil: false
    }
  }

  private func whole(_ pattern: String, _ text: String) -> Bool {
    (try? Regex(pattern)).flatMap { try? $0.wholeMatch(in: text) } != nil
  }
}
