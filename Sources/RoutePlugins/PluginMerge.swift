import KubernetesObjects
import PluginConfiguration

/// The plugins of one route: what the translation has put there stays, the rest comes from configs, of each plugin the first
/// one that is asked.
///
/// - `response-rewrite` and `proxy-rewrite` are merged: the mesh's settings stay as they are, headers that only the config
///   names are added, and settings that the mesh has not.
/// - Any other plugin that the mesh itself uses on a route is not taken from a config there: two canaries, two faults or two
///   limits have no common meaning.
/// - What APISIX has not switched on is told of as refused: it would serve the route without it, and say nothing.
/// - So is what no config may do (`PluginRestriction`).
struct PluginMerge {
  private(set) var plugins: JSONObject
  private(set) var applied: [RoutePlugins.Applied] = []
  private let own: JSONObject
  private let available: Set<String>?
  private var taken: Set<PluginEntry.Key> = []

  /// - Parameters:
  ///   - plugins: that the translation has put there.
  ///   - available: that APISIX has switched on; nil: not known.
  init(_ plugins: JSONObject, available: Set<String>? = nil) {
    self.plugins = plugins
    self.available = available
    own = plugins
  }

  /// - Parameter restriction: why no route may have it.
  mutating func add(_ plugin: PluginEntry, of config: PluginConfigKey, restriction: String? = nil) {
    guard taken.insert(plugin.key).inserted else { return }
    let refusal = restriction ?? unavailable(plugin) ?? put(plugin)
    applied.append(RoutePlugins.Applied(plugin: plugin.key, config: config, refusal: refusal))
  }

  private func unavailable(_ plugin: PluginEntry) -> String? {
    let name =
      switch plugin.key.phase {
      case .route: plugin.key.name
      case .preRequest: Runner.before
      case .postRequest: Runner.after
      }
    guard let available, !available.contains(name) else { return nil }
    return "\(name) is not among the plugins that the sidecar's APISIX has switched on"
  }

  private mutating func put(_ plugin: PluginEntry) -> String? {
    plugin.key.phase == .route ? set(plugin.key.name, plugin.config) : run(plugin)
  }

  /// - Returns: why not.
  private mutating func set(_ name: String, _ config: JSONValue) -> String? {
    let external = [Runner.before, Runner.after].contains(name) ? plugins[name]?["conf"]?.array : nil
    // The mesh rewrites a path with a plugin of its own, and would undo it.
    if name == "proxy-rewrite", own["amesh"]?["path"] != nil, config["uri"] != nil || config["regex_uri"] != nil {
      return "the mesh rewrites the path there itself"
    }
    guard let mesh = own[name] else {
      plugins[name] = name == "proxy-rewrite" ? RewriteMerge.keepingPath(config) : config
      // What was given to the runner by itself stays too.
      if let external {
        plugins[name]?["conf"] = .array((config["conf"]?.array ?? []) + external)
      }
      return nil
    }
    guard ["response-rewrite", "proxy-rewrite"].contains(name) else { return "the mesh uses \(name) there itself" }
    switch RewriteMerge.merge(config, into: mesh) {
    case .success(let merged):
      plugins[name] = merged
      return nil
    case .failure(let refusal): return refusal.description
    }
  }

  private enum Runner {
    static let before = "ext-plugin-pre-req"
    static let after = "ext-plugin-post-req"
  }

  /// One plugin more for APISIX's plugin runner.
  private mutating func run(_ plugin: PluginEntry) -> String? {
    let name = plugin.key.phase == .preRequest ? Runner.before : Runner.after
    let entry: JSONValue = ["name": .string(plugin.key.name), "value": .string(plugin.text)]
    var list = plugins[name] ?? [:]
    list["conf"] = .array((list["conf"]?.array ?? []) + [entry])
    plugins[name] = list
    return nil
  }
}
