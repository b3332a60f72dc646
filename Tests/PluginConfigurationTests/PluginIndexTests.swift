import AmeshTesting
import KubernetesObjects
import PluginConfiguration
import Testing

@Suite struct PluginIndexTests {
  @Test func `who may write configs in one namespace reaches no Pod of another`() {
    var index = PluginIndex()
    let (theirs, own) = (PluginIndex.Pod(namespace: "bank", name: "a"), PluginIndex.Pod(namespace: "shop", name: "a"))
    for pod in [theirs, own] { _ = index.set(["app": "a"], for: pod) }
    var config = PluginConfig(key: .init(namespace: "shop", name: "c"), plugins: [PluginEntry("cors", [:])])
    for targets in [[], [PluginTarget(services: [.init(namespace: "bank", name: "a")])]] {
      config.targets = targets
      config.generation += 1
      #expect(index.set(config, for: config.key).changed == [own])
      #expect(index.set(of: theirs)?.versions == [])
      #expect(index.set(of: own)?.parts.map(\.key) == [config.key])
    }
  }

  @Test(arguments: 0..<60) func `whatever happens, each Pod has its set, and whose set changed is told`(_ seed: UInt64)
  {
    var random = RandomConfigs(seed: seed)
    var index = PluginIndex()
    var configs: [PluginConfigKey: PluginConfig] = [:]
    var pods: [PluginIndex.Pod: [String: String]] = [:]
    func set(_ pod: PluginIndex.Pod) -> PluginSet? {
      guard let labels = pods[pod] else { return nil }
      return PluginSet(
        merging: configs.values.filter { $0.key.namespace == pod.namespace && $0.selects(labels) }
      )
    }
    for _ in 0..<150 {
      let before = pods.keys.reduce(into: [:]) { $0[$1] = index.set(of: $1) }
      let told: PluginIndex.Change
      if Bool.random(using: &random.random) {
        let key = random.key()
        configs[key] = random.pick([true, true, false]) ? random.config(key) : nil
        told = index.set(configs[key], for: key)
      } else {
        let pod = PluginIndex.Pod(
          namespace: random.pick(["shop", "bank"]),
          name: random.pick(["1", "2", "3", "4", "5"])
        )
        pods[pod] = random.pick([true, true, false]) ? random.labels() : nil
        told = index.set(pods[pod], for: pod)
      }
      for pod in pods.keys {
        #expect(index.set(of: pod) == set(pod))
        let readsTheSame = index.set(of: pod)?.revision == before[pod]?.revision
        #expect(told.changed.contains(pod) == !readsTheSame)
        if readsTheSame, index.set(of: pod) != before[pod] { #expect(told.renewed.contains(pod)) }
      }
      #expect(told.changed.isDisjoint(with: told.renewed))
      #expect(told.changed.subtracting(pods.keys).isSubset(of: before.keys))
      #expect(told.renewed.isSubset(of: pods.keys))
      #expect(index.podCount == pods.count)
      #expect(index.configs == configs.values.sorted { $0.key < $1.key })
      for config in configs.values {
        let selected = pods.filter { $0.key.namespace == config.key.namespace && config.selects($0.value) }.count
        #expect(index.selected[config.key] ?? 0 == selected)
      }
      #expect(index.conflicts == pods.keys.reduce(into: []) { $0.formUnion(set($1)?.conflicts ?? []) })
    }
  }
}
