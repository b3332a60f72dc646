package import KubernetesObjects
package import PluginConfiguration

/// Puts plugins into the routes that they are meant for, and takes them out again exactly.
///
/// Between the translation and what is written: objects go in as the translation has them, and come out with what the
/// plugin configuration adds. What is done for a change of objects follows the change; another set of plugins is a look at
/// every route. A value.
package struct RoutePlugins: Sendable {
  /// An object by its key in APISIX's dictionary; nil: it goes.
  package typealias Change = (path: String, value: JSONValue?)

  /// What a config does to one route.
  struct Applied: Sendable, Hashable {
    var plugin: PluginEntry.Key
    var config: PluginConfigKey
    /// Why it is not applied here; nil where it is.
    var refusal: String?
  }

  private static let routes = "/routes/"
  private static let services = "/services/"

  private let available: Set<String>?
  private var parts: [PluginSet.Part] = []
  /// Why no route may have it, whoever has let it pass: looked for once, not on each route.
  private var restrictions: [Applied.Subject: String] = [:]
  /// As the translation has them.
  private var originals: [String: JSONValue] = [:]
  private var hosts: [String: [String]] = [:]
  private var routesByService: [String: Set<String>] = [:]
  private(set) var applied: [String: [Applied]] = [:]

  /// - Parameter available: plugins that APISIX has switched on; nil: not known.
  package init(available: Set<String>? = nil) { self.available = available }

  /// Takes changes of the translation's objects.
  ///
  /// - Returns: the same with plugins, and the routes that have become others by them.
  package mutating func take(_ changes: [Change]) -> [Change] {
    var stale: Set<String> = []
    var result: [Change] = []
    for (path, value) in changes {
      if path.hasPrefix(Self.routes) {
        set(path, value)
        stale.insert(path)
        continue
      }
      if path.hasPrefix(Self.services) {
        let id = String(path.dropFirst(Self.services.count))
        let names = value.map { RouteObject.hosts($0) }
        // Without plugins nobody asks about a Service's hosts.
        if hosts[id] != names, !parts.isEmpty { stale.formUnion(routesByService[id] ?? []) }
        hosts[id] = names
      }
      result.append((path, value))
    }
    for path in stale { result.append((path, merged(path))) }
    return result
  }

  /// Takes another set of plugins.
  ///
  /// - Returns: the routes that have become others.
  package mutating func replace(_ parts: [PluginSet.Part]) -> [Change] {
    guard parts != self.parts else { return [] }
    let before = (self.parts, restrictions)
    let now = (parts, Self.restrictions(of: parts))
    var result: [Change] = []
    for path in originals.keys.sorted() {
      (self.parts, restrictions) = before
      let old = merged(path)
      (self.parts, restrictions) = now
      let new = merged(path)
      if old != new { result.append((path, new)) }
    }
    (self.parts, restrictions) = now
    return result
  }

  private static func restrictions(of parts: [PluginSet.Part]) -> [Applied.Subject: String] {
    var restrictions: [Applied.Subject: String] = [:]
    for part in parts {
      for plugin in part.plugins {
        guard let refusal = PluginRestriction.refusal(of: plugin) else { continue }
        restrictions[Applied.Subject(config: part.key, plugin: plugin.key)] = refusal
      }
    }
    return restrictions
  }

  private mutating func set(_ path: String, _ value: JSONValue?) {
    if let service = originals[path].flatMap({ RouteObject.service($0) }) {
      routesByService[service]?.remove(path)
      if routesByService[service]?.isEmpty ?? false { routesByService[service] = nil }
    }
    originals[path] = value
    if let service = value.flatMap({ RouteObject.service($0) }) {
      routesByService[service, default: []].insert(path)
    }
  }

  /// A route with its plugins; nil for one that is gone.
  private mutating func merged(_ path: String) -> JSONValue? {
    applied[path] = nil
    guard var route = originals[path] else { return nil }
    guard !parts.isEmpty else { return route }
    let traits = RouteObject.traits(route, serviceHosts: { hosts[$0] ?? [] })
    var merge = PluginMerge(route["plugins"]?.object ?? [:], available: available)
    for part in parts where part.targets.match(traits) {
      for plugin in part.plugins {
        let subject = Applied.Subject(config: part.key, plugin: plugin.key)
        merge.add(plugin, of: part.key, restriction: restrictions[subject])
      }
    }
    guard !merge.applied.isEmpty else { return route }
    applied[path] = merge.applied
    if !merge.plugins.isEmpty { route["plugins"] = .object(merge.plugins) }
    return route
  }
}

// MARK: What people see

extension RoutePlugins {
  /// One plugin of one config, over all routes.
  package struct Effect: Sendable, Hashable {
    package var config: PluginConfigKey
    package var plugin: PluginEntry.Key
    /// Routes that have it.
    package var routes = 0
    /// Routes that can't have it, by the reason.
    package var refusals: [String: Int] = [:]
  }

  /// What becomes of each plugin, in the order of the set; those that meet no route are there too.
  package var effects: [Effect] {
    var effects: [Applied.Subject: Effect] = [:]
    for one in applied.values.lazy.joined() {
      let subject = Applied.Subject(config: one.config, plugin: one.plugin)
      var effect = effects[subject] ?? Effect(config: one.config, plugin: one.plugin)
      if let refusal = one.refusal { effect.refusals[refusal, default: 0] += 1 } else { effect.routes += 1 }
      effects[subject] = effect
    }
    return parts.flatMap { part in
      part.plugins.map { plugin in
        effects[Applied.Subject(config: part.key, plugin: plugin.key)] ?? Effect(config: part.key, plugin: plugin.key)
      }
    }
  }

  /// By config, what of it can't be applied everywhere.
  package var refusals: [PluginConfigKey: String] {
    var refusals: [PluginConfigKey: String] = [:]
    for effect in effects {
      for (reason, count) in effect.refusals.sorted(by: { $0.key < $1.key }) {
        let text = "\(effect.plugin) on \(count) route\(count == 1 ? "" : "s"): \(reason)"
        refusals[effect.config] = refusals[effect.config].map { "\($0); \(text)" } ?? text
      }
    }
    return refusals
  }

  /// The set that applies.
  package var current: [PluginSet.Part] { parts }
}

extension RoutePlugins.Applied {
  struct Subject: Hashable {
    let config: PluginConfigKey
    let plugin: PluginEntry.Key
  }
}
