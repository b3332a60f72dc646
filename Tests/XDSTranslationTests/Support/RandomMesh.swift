import AmeshTesting
import EnvoyAPI
import EnvoyConfig
import SwiftProtobuf

@testable import XDSTranslation

/// Meshes and requests from few words, so that they meet.
struct RandomMesh {
  var random: SeededRandom

  private static let domains = [
    "a", "b", "a.b", "c.a.b", "A.B.c", "*.b", "*.a.b", "*-x.b", "*.c", "a.*", "a.b.*", "c.*", "10.0.0.1", "[::1]",
  ]
  private static let paths = ["/", "/a", "/a/", "/a/b", "/ab", "/A", "/a.b", "/a+", "/c/d/e", "/a/b/c"]
  private static let expressions = ["/a.*", "/[a-c]+", "/a/(b|c)", "/.*", "/a.b", "/c/d/[a-z]"]
  private static let values = ["", "1", "2", "a", "ab", "A", "b-1", "10", "x"]
  static let clusters = (0..<8).map { "outbound|80||c\($0)" }

  mutating func element<T>(_ elements: [T]) -> T { elements[Int.random(in: 0..<elements.count, using: &random)] }
  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
  mutating func count(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  mutating func mesh() -> ResourceChanges {
    var changes = ResourceChanges()
    changes.clusters.set = Self.clusters.dropLast().map { cluster($0) }
    changes.endpoints.set = Self.clusters.dropLast(2).map { assignment($0) }
    for (address, port) in [("0.0.0.0", 80), ("0.0.0.0", 8080), ("10.96.0.9", 80)] where chance(92) {
      changes.listeners.set.append(listener(address, UInt32(port)))
    }
    changes.routes.set = ["80", "8080", "10.96.0.9:80"].map { configuration($0) }
    return changes
  }

  mutating func listener(_ address: String, _ port: UInt32) -> Envoy_Config_Listener_V3_Listener {
    let allowsUpgrade = chance(50)
    let (stripsOwn, stripsAny) = (chance(15), chance(10))
    let manager = ConnectionSettings.Manager.with {
      $0.rds.routeConfigName = address == "0.0.0.0" ? "\(port)" : "\(address):\(port)"
      // Envoy takes one of both.
      $0.stripMatchingHostPort = stripsOwn && !stripsAny
      if stripsAny { $0.stripAnyHostPort = true }
      $0.upgradeConfigs = allowsUpgrade ? [.with { $0.upgradeType = "websocket" }] : []
    }
    return .with {
      $0.name = "\(address)_\(port)"
      $0.trafficDirection = .outbound
      $0.address.socketAddress.address = address
      $0.address.socketAddress.portValue = port
      $0.filterChains = [
        .with { $0.filters = [.with { $0.typedConfig = (try? Google_Protobuf_Any(message: manager)) ?? .init() }] }
      ]
    }
  }

  mutating func configuration(_ name: String) -> Envoy_Config_Route_V3_RouteConfiguration {
    var domains = Self.domains.shuffled(using: &random)
    var taken: Set<String> = []
    let port = name.split(separator: ":").last.map(String.init) ?? "80"
    var hosts: [Envoy_Config_Route_V3_VirtualHost] = (0..<count(1...5)).map { index in
      let names = domains.prefix(count(1...3))
      domains.removeFirst(names.count)
      var own: [String] = []
      for domain in names {
        let isPrefix = domain.hasSuffix("*")
        if isPrefix || chance(80) { own.append(domain) }
        if !isPrefix, chance(60) || own.isEmpty { own.append(domain + ":" + port) }
      }
      own = own.filter { taken.insert($0.lowercased()).inserted }
      return host("h\(index)", own)
    }
    if chance(85) { hosts.append(host("any", ["*"])) }
    let ignores = chance(15)
    return .with {
      $0.name = name
      $0.virtualHosts = hosts.shuffled(using: &random)
      $0.ignorePortInHostMatching = ignores
    }
  }

  private mutating func host(_ name: String, _ domains: [String]) -> Envoy_Config_Route_V3_VirtualHost {
    var routes = (0..<count(1...6)).map { route("r\($0)") }
    if chance(40) {
      var last = route("last")
      last.match = .with { $0.prefix = "/" }
      routes.append(last)
    }
    return .with {
      $0.name = name
      $0.domains = domains
      $0.routes = routes
    }
  }

  private mutating func route(_ name: String) -> Envoy_Config_Route_V3_Route {
    var route = Envoy_Config_Route_V3_Route()
    route.name = name
    route.match = match()
    switch count(0...11) {
    case 0: route.directResponse.status = UInt32(element([200, 404, 418, 503]))
    case 1: route.redirect = redirect(route.match)
    default:
      route.route = action()
      rewrite(&route)
    }
    return route
  }

  private mutating func action() -> Envoy_Config_Route_V3_RouteAction {
    var action = Envoy_Config_Route_V3_RouteAction()
    if chance(15) {
      // Others than the last, which is not there: a share of requests to it would be answered by nobody.
      action.weightedClusters.clusters = (0..<count(1...3)).map { _ in weighted() }
      action.weightedClusters.clusters[0].weight = 7
    } else {
      action.cluster = element(Self.clusters)
    }
    let retries = element([0, 0, 2, 3])
    if retries > 0 {
      action.retryPolicy = .with {
        $0.retryOn = "connect-failure"
        $0.numRetries = .init(UInt32(retries))
      }
    }
    if chance(15) { action.hashPolicy = [.with { $0.header.headerName = "x-a" }] }
    if chance(10) { action.requestMirrorPolicies = [.with { $0.cluster = element(Array(Self.clusters.dropLast())) }] }
    if chance(10) { action.timeout = .with { $0.seconds = 3 } }
    return action
  }

  private mutating func rewrite(_ route: inout Envoy_Config_Route_V3_Route) {
    switch count(0...9) {
    case 0...1: route.route.prefixRewrite = element(["/", "/new", "/new/", "/n$1"])
    case 2: route.route.regexRewrite = expression()
    default: break
    }
    if chance(10) { route.route.hostRewriteLiteral = element(["inner.example", "inner.example:81"]) }
    if chance(20) { route.requestHeadersToAdd = [added("route")] }
  }

  private mutating func expression() -> Envoy_Type_Matcher_V3_RegexMatchAndSubstitute {
    let (pattern, substitution) = element([
      ("^/a/(.*)$", #"/\1/x"#), ("^/([a-c]+)", #"/r\1\1"#), ("^/.*", "/all$1"), ("^/(a)(/b)?", #"/\2/\1"#),
    ])
    return .with {
      $0.pattern.regex = pattern
      $0.substitution = substitution
    }
  }

  private mutating func redirect(
    _ match: Envoy_Config_Route_V3_RouteMatch
  ) -> Envoy_Config_Route_V3_RedirectAction {
    var redirect = Envoy_Config_Route_V3_RedirectAction()
    redirect.responseCode = element([.movedPermanently, .found, .seeOther, .temporaryRedirect, .permanentRedirect])
    if chance(50) { redirect.hostRedirect = element(["new.example", "new.example:8081"]) }
    if chance(20) { redirect.httpsRedirect = true }
    if chance(20), !redirect.hostRedirect.contains(":") { redirect.portRedirect = 8443 }
    redirect.stripQuery = chance(25)
    // Where a path is rewritten, the query stays, which the table of features says.
    switch redirect.stripQuery ? element([0, 3]) : count(0...4) {
    case 0: redirect.pathRedirect = element(["/moved", "/moved?by=us", "/mo$ved"])
    case 1: redirect.prefixRewrite = element(["/", "/new", "/new/"])
    case 2: redirect.regexRewrite = expression()
    default: break
    }
    return redirect
  }

  private mutating func weighted() -> Envoy_Config_Route_V3_WeightedCluster.ClusterWeight {
    let cluster = element(Array(Self.clusters.dropLast()))
    let weight = UInt32(element([0, 1, 30, 70]))
    var one = Envoy_Config_Route_V3_WeightedCluster.ClusterWeight()
    one.name = cluster
    one.weight = .init(weight)
    if chance(25) { one.hostRewriteLiteral = element(["one.example", "two.example"]) }
    if chance(25) { one.requestHeadersToAdd = [added("cluster")] }
    if chance(10) { one.requestHeadersToRemove = ["x-added"] }
    return one
  }

  private mutating func added(_ value: String) -> Envoy_Config_Core_V3_HeaderValueOption {
    let overwrites = chance(50)
    return .with {
      $0.header.key = "x-added"
      $0.header.value = value
      $0.appendAction = overwrites ? .overwriteIfExistsOrAdd : .appendIfExistsOrAdd
    }
  }

  private mutating func match() -> Envoy_Config_Route_V3_RouteMatch {
    var match = Envoy_Config_Route_V3_RouteMatch()
    switch count(0...9) {
    case 0...3: match.prefix = element(Self.paths)
    case 4...5: match.path = element(Self.paths)
    case 6: match.pathSeparatedPrefix = element(["/a", "/a/b", "/c"])
    default: match.safeRegex = .with { $0.regex = element(Self.expressions) }
    }
    if chance(20) { match.caseSensitive = .init(chance(30)) }
    if case .safeRegex = match.pathSpecifier { match.clearCaseSensitive() }
    if chance(35) { match.headers = (0..<count(1...2)).map { _ in header() } }
    if chance(20) { match.queryParameters = [query()] }
    if chance(5) { match.grpc = .init() }
    if chance(5) { match.runtimeFraction.defaultValue = .with { $0.numerator = element([0, 100]) } }
    return match
  }

  private mutating func header() -> Envoy_Config_Route_V3_HeaderMatcher {
    var matcher = Envoy_Config_Route_V3_HeaderMatcher()
    matcher.name = element(["x-a", "X-b", ":method", "x-a"])
    let value = element(Self.values)
    // Envoy takes no empty ones of these.
    let part = element(Self.values.filter { !$0.isEmpty })
    switch count(0...8) {
    case 0: matcher.presentMatch = chance(60)
    case 1: matcher.exactMatch = value
    case 2: matcher.prefixMatch = part
    case 3: matcher.suffixMatch = part
    case 4: matcher.containsMatch = part
    case 5: matcher.safeRegexMatch = .with { $0.regex = element(["[a-b]+", "GET|PUT", "[0-9]+", ".*"]) }
    case 6:
      matcher.rangeMatch = .with {
        $0.start = Int64(count(-2...3)); $0.end = Int64(count(0...11))
      }
    case 7: break
    default: matcher.stringMatch = string()
    }
    matcher.invertMatch = chance(30)
    let isRegex: Bool
    switch matcher.headerMatchSpecifier {
    case .safeRegexMatch: isRegex = true
    case .stringMatch(let string): if case .safeRegex = string.matchPattern { isRegex = true } else { isRegex = false }
    default: isRegex = false
    }
    // Whether an expression matches nothing at all is only known to who runs it; such a route is left out.
    if !isRegex { matcher.treatMissingHeaderAsEmpty = chance(25) }
    return matcher
  }

  private mutating func string() -> Envoy_Type_Matcher_V3_StringMatcher {
    var matcher = Envoy_Type_Matcher_V3_StringMatcher()
    let part = element(Self.values.filter { !$0.isEmpty })
    switch count(0...4) {
    case 0: matcher.exact = element(Self.values)
    case 1: matcher.prefix = part
    case 2: matcher.suffix = part
    case 3: matcher.contains = part
    default: matcher.safeRegex = .with { $0.regex = element(["[a-b]+", "[0-9]*", "A|x"]) }
    }
    if case .safeRegex = matcher.matchPattern { return matcher }
    matcher.ignoreCase = chance(30)
    return matcher
  }

  private mutating func query() -> Envoy_Config_Route_V3_QueryParameterMatcher {
    var matcher = Envoy_Config_Route_V3_QueryParameterMatcher()
    matcher.name = element(["q", "p"])
    switch count(0...2) {
    case 0: matcher.presentMatch = chance(70)
    case 1: break
    default: matcher.stringMatch = string()
    }
    return matcher
  }

  /// - Parameters:
  ///   - types: where its endpoints may come from.
  ///   - mayEncrypt: whether it may speak TLS to them.
  mutating func cluster(
    _ name: String,
    types: [Envoy_Config_Cluster_V3_Cluster.DiscoveryType] = [.eds],
    mayEncrypt: Bool = false
  ) -> Envoy_Config_Cluster_V3_Cluster {
    let type = element(types)
    let assignment = type == .static ? self.assignment(name) : nil
    let policy: Envoy_Config_Cluster_V3_Cluster.LbPolicy = element([.roundRobin, .leastRequest, .random, .maglev])
    let seconds = Int64(count(1...3))
    let limits = chance(30)
    let encryption = mayEncrypt && chance(30) ? tls() : nil
    return .with {
      $0.name = name
      $0.type = type
      $0.lbPolicy = policy
      $0.connectTimeout = .with { $0.seconds = seconds }
      if let assignment { $0.loadAssignment = assignment }
      if let encryption { $0.transportSocket.typedConfig = encryption }
      if limits { $0.circuitBreakers.thresholds = [.with { $0.maxConnections = .init(7) }] }
    }
  }

  private mutating func tls() -> Google_Protobuf_Any {
    let name = element(["", "a.example", "b.example"])
    let authorities = element(["", "/ca.pem", "/other.pem"])
    let text = element(["", "", "one", "two"])
    let context = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext.with {
      $0.sni = name
      if !authorities.isEmpty { $0.commonTlsContext.validationContext.trustedCa.filename = authorities }
      if !text.isEmpty { $0.commonTlsContext.validationContext.trustedCa.inlineString = text }
    }
    return (try? Google_Protobuf_Any(message: context)) ?? .init()
  }

  mutating func assignment(_ name: String) -> Envoy_Config_Endpoint_V3_ClusterLoadAssignment {
    let localities = (0..<count(0...3)).map { _ -> Envoy_Config_Endpoint_V3_LocalityLbEndpoints in
      let endpoints = (0..<count(0...3)).map { _ in endpoint() }
      let priority = UInt32(element([0, 0, 1]))
      return .with {
        $0.priority = priority
        $0.lbEndpoints = endpoints
      }
    }
    return .with {
      $0.clusterName = name
      $0.endpoints = localities
    }
  }

  private mutating func endpoint() -> Envoy_Config_Endpoint_V3_LbEndpoint {
    let address = "10.0.0.\(count(1...9))"
    let weight = UInt32(count(1...4))
    let health: Envoy_Config_Core_V3_HealthStatus = element([
      .healthy, .healthy, .unknown, .unhealthy, .draining, .degraded,
    ])
    return .with {
      $0.endpoint.address.socketAddress.address = address
      $0.endpoint.address.socketAddress.portValue = 80
      $0.loadBalancingWeight = .init(weight)
      $0.healthStatus = health
    }
  }

  mutating func request() -> TestRequest {
    var request = TestRequest()
    request.address = element(["10.96.0.1", "10.96.0.9"])
    request.port = element([80, 80, 80, 80, 8080, 8080, 9090])
    request.method = element(["GET", "PUT", "POST"])
    let host = element([
      "a", "b", "a.b", "c.a.b", "a.b.c", "d.a.b", "x.b", "y-x.b", "a.z", "a.b.z", "c.z", "10.0.0.1", "[::1]", "A.b",
    ])
    request.authority = host + element(["", "", ":80", ":8080", ":81"])
    request.target = element(Self.paths + ["/b", "/c", "/a/c", "/c/d/x"])
    if chance(40) { request.target += element(["?q=1", "?q=a&p=2", "?p=", "?q=ab", "?x=1"]) }
    for name in ["x-a", "x-b"] where chance(50) { request.headers[name] = element(Self.values.filter { !$0.isEmpty }) }
    if chance(10) {
      request.headers["content-type"] = element(["application/grpc", "application/grpc+proto", "application/grpcx"])
    }
    return request
  }
}
