/// Which routes a config is meant for: all that is said has to hold, of each list any one.
package struct PluginTarget: Sendable, Hashable {
  package enum Direction: String, Sendable, Hashable, CaseIterable {
    /// What others send to the Pod.
    case inbound
    /// What the Pod sends to others.
    case outbound
  }

  package struct Service: Sendable, Hashable {
    package var namespace: String
    package var name: String

    package init(namespace: String, name: String) {
      self.namespace = namespace
      self.name = name
    }
  }

  /// Services that are called, by the names that Kubernetes gives them.
  package var services: [Service]
  /// Exact, or `*.SUFFIX`.
  package var hosts: [String]
  /// Of the listener: outbound the port that is called, inbound the Pod's own.
  package var ports: [Int]
  package var direction: Direction?

  package init(services: [Service] = [], hosts: [String] = [], ports: [Int] = [], direction: Direction? = nil) {
    self.services = services
    self.hosts = hosts
    self.ports = ports
    self.direction = direction
  }
}

// MARK: Routes

/// What of a route targets are held against.
package struct RouteTraits: Sendable, Hashable {
  /// That it takes; empty: any.
  package var hosts: [String]
  /// That it takes; empty: any.
  package var ports: [Int]
  package var directions: Set<PluginTarget.Direction>

  package init(hosts: [String] = [], ports: [Int] = [], directions: Set<PluginTarget.Direction> = []) {
    self.hosts = hosts
    self.ports = ports
    self.directions = directions
  }
}

extension PluginTarget {
  /// Whether a route is meant. Routes are not split: where one of its hosts or ports matches, it is.
  package func matches(_ route: RouteTraits) -> Bool {
    if let direction, !route.directions.contains(direction) { return false }
    if !ports.isEmpty, !ports.contains(where: { route.ports.contains($0) }) { return false }
    if !hosts.isEmpty {
      guard hosts.contains(where: { host in route.hosts.contains { HostPattern.matches(host, $0) } }) else {
        return false
      }
    }
    guard !services.isEmpty else { return true }
    return route.directions.contains(.outbound)
      && services.contains { service in route.hosts.contains { service.isNamed($0) } }
  }
}

extension [PluginTarget] {
  /// Whether any means the route; without targets every route is meant.
  package func match(_ route: RouteTraits) -> Bool { isEmpty || contains { $0.matches(route) } }
}

extension PluginTarget.Service {
  /// Whether a host is one of the Service's own names; not the bare name, which is whoever's Pod asks.
  func isNamed(_ host: String) -> Bool {
    let base = "\(name).\(namespace)"
    let host = host.lowercased()
    return host == base || host == "\(base).svc" || host.hasPrefix("\(base).svc.")
  }
}

// MARK: Each other

extension PluginTarget {
  /// Whether a route is thinkable that both mean. Where that is not to be told, yes.
  package func overlaps(_ other: PluginTarget) -> Bool {
    if let direction, let theirs = other.direction, direction != theirs { return false }
    if !services.isEmpty, other.direction == .inbound { return false }
    if !other.services.isEmpty, direction == .inbound { return false }
    if !ports.isEmpty, !other.ports.isEmpty, Set(ports).isDisjoint(with: other.ports) { return false }
    // A route has several names: a Service's are all those that a route of it has.
    if !hosts.isEmpty, !other.hosts.isEmpty {
      guard hosts.contains(where: { mine in other.hosts.contains { HostPattern.overlap(mine, $0) } }) else {
        return false
      }
    }
    if !services.isEmpty, !other.services.isEmpty, Set(services).isDisjoint(with: other.services) { return false }
    return true
  }
}

extension [PluginTarget] {
  package func overlap(_ other: [PluginTarget]) -> Bool {
    isEmpty || other.isEmpty || contains { mine in other.contains { mine.overlaps($0) } }
  }
}

/// Hosts as routes and targets have them: exact, or `*.SUFFIX`.
enum HostPattern {
  /// Whether what is aimed at takes in a route's host, which may be a pattern itself.
  static func matches(_ target: String, _ host: String) -> Bool {
    let (target, host) = (target.lowercased(), host.lowercased())
    if target == host { return true }
    guard target.hasPrefix("*.") else { return false }
    return host.hasSuffix(target.dropFirst()) && host.utf8.count >= target.utf8.count
  }

  static func overlap(_ one: String, _ other: String) -> Bool { matches(one, other) || matches(other, one) }
}
