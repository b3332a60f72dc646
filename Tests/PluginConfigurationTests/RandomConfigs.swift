import AmeshTesting
import KubernetesObjects
import PluginConfiguration

/// Few names and values, so that random configs meet.
struct RandomConfigs {
  var random: SeededRandom
  /// A generation is that of one content.
  private var count = 0

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  mutating func key() -> PluginConfigKey {
    PluginConfigKey(namespace: pick(["shop", "bank"]), name: pick(["a", "b", "c", "d", "e", "f"]))
  }

  mutating func config(_ key: PluginConfigKey) -> PluginConfig {
    var config = PluginConfig(key: key, plugins: [])
    config.uid = "\(key)"
    count += 1
    config.generation = count
    config.created = pick(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"])
    config.priority = pick([0, 0, 0, 10, -5])
    config.selector = Bool.random(using: &random) ? LabelSelector(matchLabels: ["app": pick(["web", "api"])]) : nil
    config.targets = pick([
      [], [], [PluginTarget(direction: .inbound)], [PluginTarget(direction: .outbound)], [PluginTarget(ports: [80])],
      [PluginTarget(hosts: ["a.example"]), PluginTarget(ports: [81])],
    ])
    let names = ["cors", "limit-req", "response-rewrite"].filter { _ in Bool.random(using: &random) }
    config.plugins = (names.isEmpty ? ["cors"] : names).map {
      PluginEntry(pick([.route, .route, .preRequest]), $0, ["v": .number(JSONNumber(pick([1, 2])))])
    }
    return config
  }

  mutating func labels() -> [String: String] {
    var labels = ["app": pick(["web", "api", "db"])]
    if Bool.random(using: &random) { labels["version"] = pick(["1", "2"]) }
    return labels
  }

  mutating func route() -> RouteTraits {
    RouteTraits(
      hosts: pick([[], ["a.example"], ["b.example"]]),
      ports: [pick([80, 81, 82])],
      directions: [pick([.inbound, .outbound])]
    )
  }

  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: elements.indices, using: &random)]
  }
}
