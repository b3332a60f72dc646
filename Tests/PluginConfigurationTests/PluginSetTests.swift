import AmeshTesting
import KubernetesObjects
import PluginConfiguration
import Testing

@Suite struct PluginSetTests {
  private func config(
    _ name: String,
    _ value: Int,
    priority: Int = 0,
    created: String = "2026-01-01T00:00:00Z",
    _ targets: [PluginTarget] = []
  ) -> PluginConfig {
    PluginConfig(
      key: PluginConfigKey(namespace: "shop", name: name),
      generation: targets.isEmpty ? value : 10 + value,
      created: created,
      priority: priority,
      targets: targets,
      plugins: [PluginEntry("cors", ["v": .number(JSONNumber(value))])]
    )
  }

  @Test func `priority decides, and is no conflict`() {
    let set = PluginSet(merging: [config("a", 1), config("b", 2, priority: 1)])
    #expect(set.parts.map(\.key.name) == ["b"])
    #expect(set.conflicts == [])
    #expect(set.versions.map(\.key.name) == ["b", "a"])
  }

  @Test func `between equals the older one applies, and both are told`() {
    let set = PluginSet(merging: [config("a", 1, created: "2026-01-02T00:00:00Z"), config("b", 2)])
    #expect(set.parts.map(\.key.name) == ["b"])
    #expect(set.conflicts.map(\.winner.name) == ["b"])
    #expect(set.conflicts.map(\.loser.name) == ["a"])
  }

  @Test func `who says the same does not conflict`() {
    #expect(PluginSet(merging: [config("a", 1), config("b", 1)]).conflicts == [])
  }

  @Test func `targets that do not meet do not conflict, and both stay`() {
    let set = PluginSet(
      merging: [
        config("a", 1, [PluginTarget(direction: .inbound)]), config("b", 2, [PluginTarget(direction: .outbound)]),
      ]
    )
    #expect(set.conflicts == [])
    #expect(set.parts.count == 2)
  }

  @Test func `who has nothing to say anyway need not agree`() {
    let set = PluginSet(merging: [config("a", 1), config("b", 2), config("c", 3, priority: 5)])
    #expect(set.parts.map(\.key.name) == ["c"])
    #expect(set.conflicts == [])
  }

  /// The rule as it is documented, by itself: for a route, the configs that mean it in their order, and of each plugin the
  /// first.
  private func plain(_ configs: [PluginConfig], _ route: RouteTraits) -> [PluginEntry.Key: JSONValue] {
    var result: [PluginEntry.Key: JSONValue] = [:]
    for config in configs.sorted(by: { $0.precedes($1) }) where config.targets.match(route) {
      for plugin in config.plugins where result[plugin.key] == nil { result[plugin.key] = plugin.config }
    }
    return result
  }

  private func applied(_ set: PluginSet, _ route: RouteTraits) -> [PluginEntry.Key: JSONValue] {
    var result: [PluginEntry.Key: JSONValue] = [:]
    for part in set.parts where part.targets.match(route) {
      for plugin in part.plugins where result[plugin.key] == nil { result[plugin.key] = plugin.config }
    }
    return result
  }

  @Test(arguments: 0..<200) func `any order gives the same, and each route what the rule says`(_ seed: UInt64) {
    var random = RandomConfigs(seed: seed)
    let names = ["a", "b", "c", "d", "e"]
    let configs = names.map { random.config(PluginConfigKey(namespace: "shop", name: $0)) }
    let set = PluginSet(merging: configs)
    #expect(PluginSet(merging: configs.shuffled(using: &random.random)) == set)
    for _ in 0..<20 {
      let route = random.route()
      #expect(applied(set, route) == plain(configs, route))
      // Where only age or name decided on this very route, a conflict was found.
      let meant = configs.filter { $0.targets.match(route) }
      for one in meant {
        for other in meant where other.priority == one.priority && one.precedes(other) {
          for plugin in one.plugins {
            guard let theirs = other.plugins.first(where: { $0.key == plugin.key }), theirs != plugin else { continue }
            let above = configs.contains { config in
              config.priority > one.priority && config.targets.isEmpty
                && config.plugins.contains { $0.key == plugin.key }
            }
            let conflict = PluginSet.Conflict(plugin: plugin.key, winner: one.key, loser: other.key)
            #expect(set.conflicts.contains(conflict) != above)
          }
        }
      }
    }
  }

  @Test func `a revision tells content apart`() {
    let base = PluginSet(merging: [config("a", 1)])
    #expect(base.revision == PluginSet(merging: [config("a", 1)]).revision)
    #expect(base.revision != PluginSet(merging: [config("a", 2)]).revision)
    #expect(base.revision != PluginSet(merging: [config("b", 1)]).revision)
    #expect(base.revision != PluginSet(merging: [config("a", 1, [PluginTarget(ports: [80])])]).revision)
    #expect(base.revision != PluginSet().revision)
    #expect(PluginSet(merging: []).revision == PluginSet().revision)
  }
}
