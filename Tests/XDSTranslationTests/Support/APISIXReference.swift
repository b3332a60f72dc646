import Foundation
import KubernetesObjects

@testable import XDSTranslation

/// APISIX's router `radixtree_host_uri` with lua-resty-radixtree and lua-resty-expr, as its sources have it, and the part
/// of the sidecar's plugin that finds the listener.
struct APISIXReference {
  private struct Route {
    let value: JSONValue
    let hosts: [String]?
    let path: String
    let priority: Int

    var conditions: [JSONValue] { value["vars"]?.array ?? [] }
  }

  private let routes: [Route]
  private let origins: [String: String]
  private let listeners: Set<String>
  /// Reversed host without its asterisk, and whether it had one → its routes.
  private var exactHosts: [String: [Route]] = [:]
  private var hostPrefixes: [(prefix: String, routes: [Route])] = []
  private var onlyURI: [Route] = []

  init(_ objects: [APISIXObject]) {
    let values = Dictionary(uniqueKeysWithValues: objects.map { ($0.key, $0.value) })
    var origins: [String: String] = [:]
    for object in objects where object.key.kind == .upstreams {
      origins[object.key.id] = String(object.origin.dropFirst("cluster ".count))
    }
    self.origins = origins
    let metadata = values[.init(kind: .pluginMetadata, id: SidecarPlugin.name)]
    listeners = Set(metadata?["listeners"]?.array?.compactMap(\.string) ?? [])
    routes = objects.filter { $0.key.kind == .routes }.map { object in
      let service = object.value["service_id"]?.string.flatMap { values[.init(kind: .services, id: $0)] }
      let hosts = object.value["hosts"] ?? object.value["host"].map { .array([$0]) } ?? service?["hosts"]
      return Route(
        value: object.value,
        hosts: hosts?.array?.compactMap(\.string),
        path: object.value["uri"]?.string ?? "",
        priority: object.value["priority"]?.integer ?? 0
      )
    }
    var byHost: [String: [Route]] = [:]
    for route in routes {
      guard let hosts = route.hosts else {
        onlyURI.append(route)
        continue
      }
      for host in hosts { byHost[String(host.reversed()), default: []].append(route) }
    }
    for (host, routes) in byHost {
      if host.hasSuffix("*") {
        hostPrefixes.append((String(host.dropLast()), routes))
      } else {
        exactHosts[host] = routes
      }
    }
    hostPrefixes.sort { $0.prefix.utf8.count > $1.prefix.utf8.count }
  }

  /// Routes that would both be taken, and whose order nobody says: a mistake of ours.
  private(set) var ambiguous = 0

  mutating func destination(of request: TestRequest) -> Destination {
    let found = routes(for: variables(of: request)).map { destination($0) }
    guard found.count > 1 else { return found.first ?? .nothing }
    var names: Set<String> = []
    for destination in found {
      switch destination {
      case .cluster(let name): names.insert(name)
      case .split(let more): names.formUnion(more)
      case .status, .nothing: return destination
      }
    }
    return .among(names)
  }

  /// What the upstream sees of a request, or where the client is sent to; where chance decides, one for each cluster.
  mutating func arrivals(of request: TestRequest) -> [(destination: Destination, arrival: APISIXArrival)] {
    let variables = variables(of: request)
    return routes(for: variables).map { (destination($0), APISIXArrival($0.value, variables)) }
  }

  /// The route that is taken, or those among which digits of `request_id` choose.
  private mutating func routes(for variables: [String: String]) -> [Route] {
    let host = variables["host"] ?? ""
    let reversed = String(host.reversed())
    if let routes = exactHosts[reversed], case let found = match(routes, variables), !found.isEmpty { return found }
    for (prefix, routes) in hostPrefixes where reversed.hasPrefix(prefix) {
      if case let found = match(routes, variables), !found.isEmpty { return found }
    }
    return match(onlyURI, variables)
  }

  /// Exact paths, then prefixes from the longest on; among equal ones the higher priority.
  private mutating func match(_ routes: [Route], _ variables: [String: String]) -> [Route] {
    let uri = variables["uri"] ?? ""
    let candidates = routes.filter {
      ($0.path.hasSuffix("*") ? uri.hasPrefix($0.path.dropLast()) : uri == $0.path)
        && Self.holds(.array($0.conditions.filter { !Self.isDraw($0) }), variables)
    }
    func rank(_ route: Route) -> (Int, Int, Int) {
      (route.path.hasSuffix("*") ? 0 : 1, route.path.utf8.count, route.priority)
    }
    let sorted = candidates.sorted { rank($0) > rank($1) }
    if zip(sorted, sorted.dropFirst()).contains(where: { rank($0) == rank($1) }) { ambiguous += 1 }
    let last = sorted.firstIndex { !$0.conditions.contains { Self.isDraw($0) } }
    return last.map { Array(sorted[...$0]) } ?? sorted
  }

  /// Whether a share of a split is drawn.
  private static func isDraw(_ condition: JSONValue) -> Bool {
    condition[0] == "request_id" && condition[2]?.string?.hasPrefix("^.{15}") ?? false
  }

  private func destination(_ route: Route) -> Destination {
    if let status = route.value["plugins"]?["redirect"]?["ret_code"]?.integer { return .status(status) }
    if let status = route.value["plugins"]?["fault-injection"]?["abort"]?["http_status"]?.integer {
      return .status(status)
    }
    if let weighted = route.value["plugins"]?["traffic-split"]?["rules"]?[0]?["weighted_upstreams"]?.array {
      let taken = weighted.filter { $0["weight"]?.integer ?? 0 > 0 }
      return .among(Set(taken.compactMap { $0["upstream_id"]?.string.flatMap { origins[$0] } }))
    }
    return route.value["upstream_id"]?.string.flatMap { origins[$0] }.map { .cluster($0) } ?? .nothing
  }

  /// What nginx, APISIX and the sidecar's plugin say of a request.
  private func variables(of request: TestRequest) -> [String: String] {
    var variables = [
      "http_host": request.authority, "request_method": request.method, "uri": request.path,
      SidecarPlugin.pathVariable: request.path, "request_uri": request.target, SidecarPlugin.schemeVariable: "http",
      "server_port": request.isInbound ? "19081" : "19080",
      "request_id": "0123456789abcdef0123456789abcdef",
    ]
    var host = request.authority.lowercased()
    if let colon = host.lastIndex(of: ":"), host.last != "]" { host = String(host[..<colon]) }
    variables["host"] = host
    for (name, value) in request.headers {
      variables["http_" + name.lowercased().replacing("-", with: "_")] = value
    }
    for (name, value) in request.query { variables["arg_" + name] = value }
    let direction = request.isInbound ? "i" : "o"
    let names = ["\(direction):\(request.address):\(request.port)", "\(direction):\(request.port)", direction]
    variables[SidecarPlugin.listenerVariable] = names.first { listeners.contains($0) }
    return variables
  }

  static func holds(_ rules: JSONValue, _ variables: [String: String]) -> Bool {
    guard let parts = rules.array, let first = parts.first else { return true }
    if first.array != nil { return parts.allSatisfy { holds($0, variables) } }
    let word = first.string ?? ""
    let operands = parts.dropFirst()
    switch word {
    case "AND": return operands.allSatisfy { holds($0, variables) }
    case "!AND": return !operands.allSatisfy { holds($0, variables) }
    case "OR": return operands.contains { holds($0, variables) }
    case "!OR": return !operands.contains { holds($0, variables) }
    default: break
    }
    let isNegated = operands.count == 3
    guard let operation = operands.dropLast().last?.string, let right = operands.last else { return false }
    return compares(variables[word], operation, right) != isNegated
  }

  private static func compares(_ left: String?, _ operation: String, _ right: JSONValue) -> Bool {
    switch operation {
    case "==": return right.string == left && left != nil
    case "~~": return left.map { PCRE.finds(right.string ?? "(", in: $0) } ?? false
    case "~*": return left.map { PCRE.finds(right.string ?? "(", in: $0, ignoringCase: true) } ?? false
    case "in": return right.array?.contains { $0.string == left } ?? false
    case ">=": return left.flatMap { Double($0) }.map { $0 >= right.number ?? 0 } ?? false
    case "<": return left.flatMap { Double($0) }.map { $0 < right.number ?? 0 } ?? false
    default: return false
    }
  }
}
