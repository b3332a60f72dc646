/// What the sidecar of one Pod is to apply: of each config that selects the Pod, what no other has the better right to.
package struct PluginSet: Sendable, Equatable {
  package struct Part: Sendable, Equatable {
    package var key: PluginConfigKey
    package var version: String
    package var targets: [PluginTarget]
    package var plugins: [PluginEntry]

    package init(key: PluginConfigKey, version: String, targets: [PluginTarget], plugins: [PluginEntry]) {
      self.key = key
      self.version = version
      self.targets = targets
      self.plugins = plugins
    }
  }

  /// Of configs that clash: which plugin, and who has it.
  package struct Conflict: Sendable, Hashable {
    package var plugin: PluginEntry.Key
    package var winner: PluginConfigKey
    package var loser: PluginConfigKey

    package init(plugin: PluginEntry.Key, winner: PluginConfigKey, loser: PluginConfigKey) {
      self.plugin = plugin
      self.winner = winner
      self.loser = loser
    }
  }

  /// Which state of a config there is.
  package struct Version: Sendable, Equatable {
    package var key: PluginConfigKey
    package var version: String
  }

  /// The one to be asked first comes first: on each route, the first part that is meant for it and has a plugin gives it.
  package private(set) var parts: [Part] = []
  package private(set) var conflicts: Set<Conflict> = []
  /// Of all that select the Pod, those that have nothing to give among them.
  package private(set) var versions: [Version] = []
  /// The same for the same content, at every replica.
  package private(set) var revision = PluginSet.empty

  private static let empty = Revision().text

  package init() {}

  /// - Parameter configs: that select the Pod, in any order.
  package init(merging configs: [PluginConfig]) { self.init(ordered: configs.sorted { $0.precedes($1) }) }

  /// - Parameter ordered: the one that is asked first comes first.
  init(ordered: [PluginConfig]) {
    versions = ordered.map { Version(key: $0.key, version: $0.version) }
    /// Plugins that a config takes for every route, with its priority: nobody after it can have them.
    var taken: [PluginEntry.Key: Int] = [:]
    var earlier: [PluginEntry.Key: [Claim]] = [:]
    for (position, config) in ordered.enumerated() {
      var left: [PluginEntry] = []
      for (number, plugin) in config.plugins.enumerated() {
        let owner = taken[plugin.key]
        // Whom a higher priority has taken it from all the same, those need not agree.
        guard owner == nil || owner == config.priority else { continue }
        for claim in earlier[plugin.key] ?? [] { note(plugin, of: config, against: claim, in: ordered) }
        earlier[plugin.key, default: []].append(Claim(config: position, plugin: number))
        guard owner == nil else { continue }
        left.append(plugin)
        if config.targets.isEmpty { taken[plugin.key] = config.priority }
      }
      guard !left.isEmpty else { continue }
      let version = versions[position].version
      parts.append(Part(key: config.key, version: version, targets: config.targets, plugins: left))
    }
    revision = Self.revision(of: parts)
  }

  /// By positions.
  private struct Claim {
    let config: Int
    let plugin: Int
  }

  /// Nothing but age decided between two of one priority that say different things for the same routes.
  private mutating func note(
    _ plugin: PluginEntry,
    of config: PluginConfig,
    against claim: Claim,
    in ordered: [PluginConfig]
  ) {
    let other = ordered[claim.config]
    guard other.priority == config.priority, other.plugins[claim.plugin].config != plugin.config,
      other.targets.overlap(config.targets)
    else { return }
    conflicts.insert(Conflict(plugin: plugin.key, winner: other.key, loser: config.key))
  }

  private static func revision(of parts: [Part]) -> String {
    var revision = Revision()
    for part in parts {
      // A version says what a config holds; what is left of it here is told by the plugins' names.
      revision.add(part.key.description)
      revision.add(part.version)
      for plugin in part.plugins {
        revision.add(plugin.key.phase.rawValue)
        revision.add(plugin.key.name)
      }
    }
    return revision.text
  }
}

/// A short name for content: FNV-1a, 64 bits in 13 digits of base 32.
private struct Revision {
  private static let digits = Array("0123456789abcdefghijklmnopqrstuv")
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ text: String) {
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    // No byte of UTF-8.
    hash = (hash ^ 0xFF) &* 0x100_0000_01B3
  }

  var text: String { String((0..<13).map { Self.digits[Int(hash >> UInt64($0 * 5) & 31)] }) }
}
