import AmeshTesting
import KubernetesObjects
import PluginConfiguration
import Synchronization
import Testing

@Suite struct PluginHubTests {
  private final class Wakes: Sendable {
    let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func wake() { count.withLock { $0 += 1 } }
  }

  private let web = PluginIndex.Pod(namespace: "shop", name: "web")
  private let api = PluginIndex.Pod(namespace: "shop", name: "api")

  private func config(_ name: String, app: String?, generation: Int = 1) -> (
    key: PluginConfigKey, config: PluginConfig?
  ) {
    let key = PluginConfigKey(namespace: "shop", name: name)
    return (
      key,
      PluginConfig(
        key: key,
        uid: name,
        generation: generation,
        selector: app.map { .init(matchLabels: ["app": $0]) },
        plugins: [PluginEntry("cors", ["g": .number(.init(generation))])]
      )
    )
  }

  @Test func `nobody is told anything before all is known`() {
    let (hub, wakes) = (PluginHub(), Wakes())
    let stream = hub.subscribe(web) { wakes.wake() }
    #expect(stream.current == .unknown)
    hub.take([(web, ["app": "web"])])
    hub.take([config("a", app: "web")])
    #expect(stream.current == .unknown)
    hub.becomeReady()
    guard case .set(let set) = stream.current else { return #expect(Bool(false), "no set") }
    #expect(set.parts.map(\.key.name) == ["a"])
    #expect(wakes.value > 0)
  }

  @Test func `a config that has nothing to give is in force with what is there already`() throws {
    let (hub, wakes) = (PluginHub(), Wakes())
    hub.take([(web, ["app": "web"])])
    hub.take([config("a", app: "web")])
    hub.becomeReady()
    let stream = hub.subscribe(web) { wakes.wake() }
    guard case .set(let set) = stream.current else { return #expect(Bool(false), "no set") }
    stream.sending(set)
    #expect(hub.acknowledge(web, revision: set.revision, refusals: [:]))
    // The older one has the plugin.
    let late = config("b", app: "web")
    hub.take([late])
    #expect(wakes.value == 0)
    #expect(hub.standings[late.key]?.acknowledged == 1)
    let later = config("b", app: "web", generation: 2)
    hub.take([later])
    #expect(wakes.value == 0)
    #expect(hub.standings[later.key]?.version == later.config?.version)
    hub.take([(late.key, nil)])
    #expect(Set(hub.standings.keys.map(\.name)) == ["a"])
  }

  @Test func `a Pod that is relabelled has in force what reads the same`() throws {
    let (hub, wakes) = (PluginHub(), Wakes())
    hub.take([(web, ["app": "web", "tier": "1"])])
    var late = config("b", app: nil)
    late.config?.selector = .init(matchLabels: ["tier": "2"])
    hub.take([config("a", app: "web"), late])
    hub.becomeReady()
    let stream = hub.subscribe(web) { wakes.wake() }
    guard case .set(let set) = stream.current else { return #expect(Bool(false), "no set") }
    stream.sending(set)
    #expect(hub.acknowledge(web, revision: set.revision, refusals: [:]))
    #expect(hub.standings[late.key] == nil)
    hub.take([(web, ["app": "web", "tier": "2"])])
    #expect(wakes.value == 0)
    #expect(hub.standings[late.key]?.acknowledged == 1)
  }

  @Test func `only those are woken whose set changes`() {
    let hub = PluginHub()
    hub.take([(web, ["app": "web"]), (api, ["app": "api"])])
    hub.becomeReady()
    let (ofWeb, ofAPI) = (Wakes(), Wakes())
    let streams = [hub.subscribe(web) { ofWeb.wake() }, hub.subscribe(api) { ofAPI.wake() }]
    hub.take([config("a", app: "web")])
    #expect((ofWeb.value, ofAPI.value) == (1, 0))
    hub.take([config("a", app: "web")])
    #expect((ofWeb.value, ofAPI.value) == (1, 0))
    hub.take([config("a", app: "api")])
    #expect((ofWeb.value, ofAPI.value) == (2, 1))
    hub.take([(api, ["app": "other"])])
    #expect((ofWeb.value, ofAPI.value) == (2, 2))
    for stream in streams { stream.cancel() }
    hub.take([config("a", app: "web")])
    #expect((ofWeb.value, ofAPI.value) == (2, 2))
    #expect(hub.streamCount == 0)
  }

  @Test func `what is acknowledged counts while it is what the config says`() {
    let hub = PluginHub()
    hub.take([(web, ["app": "web"]), (api, ["app": "web"])])
    hub.take([config("a", app: "web")])
    hub.becomeReady()
    let key = PluginConfigKey(namespace: "shop", name: "a")
    func send(_ stream: PluginSubscription) -> String {
      guard case .set(let set) = stream.current else { return "" }
      stream.sending(set)
      return set.revision
    }
    let (first, second) = (hub.subscribe(web) {}, hub.subscribe(api) {})
    #expect(hub.standings == [:])
    let revision = send(first)
    #expect(send(second) == revision)
    #expect(hub.acknowledge(web, revision: revision, refusals: [:]))
    #expect(!hub.acknowledge(web, revision: "other", refusals: [:]))
    #expect(hub.standings[key]?.acknowledged == 1)
    #expect(hub.acknowledge(api, revision: revision, refusals: [key: "no"]))
    #expect(hub.standings[key]?.acknowledged == 1)
    #expect(hub.standings[key]?.refused == 1)
    #expect(hub.standings[key]?.refusal == "no")
    // A newer one is on its way: nobody has it yet.
    hub.take([config("a", app: "web", generation: 2)])
    #expect(hub.standings == [:])
    let newer = send(first)
    // Of the one before, the acknowledgement may still come.
    #expect(hub.acknowledge(web, revision: revision, refusals: [:]))
    #expect(hub.standings == [:])
    #expect(hub.acknowledge(web, revision: newer, refusals: [:]))
    #expect(hub.standings[key]?.acknowledged == 1)
    first.cancel()
    #expect(hub.standings == [:])
  }

  @Test func `of two streams of a Pod the later one counts`() {
    let hub = PluginHub()
    hub.take([(web, [:])])
    hub.take([config("a", app: nil)])
    hub.becomeReady()
    let old = hub.subscribe(web) {}
    guard case .set(let set) = old.current else { return #expect(Bool(false), "no set") }
    old.sending(set)
    _ = hub.acknowledge(web, revision: set.revision, refusals: [:])
    #expect(hub.standings.count == 1)
    let new = hub.subscribe(web) {}
    #expect(hub.standings.isEmpty)
    new.sending(set)
    _ = hub.acknowledge(web, revision: set.revision, refusals: [:])
    old.cancel()
    #expect(hub.standings.count == 1)
  }

  @Test func `a Pod that was served and goes ends its stream, one that is not there yet waits`() {
    let hub = PluginHub()
    hub.becomeReady()
    let stream = hub.subscribe(web) {}
    #expect(stream.current == .unknown)
    hub.take([(web, [:])])
    guard case .set(let set) = stream.current else { return #expect(Bool(false), "no set") }
    stream.sending(set)
    hub.take([(web, nil)])
    #expect(stream.current == .gone)
  }

  /// 500 sidecars, 200 configs: whatever happens, each has its set in the end, and nobody is woken for nothing.
  @Test(arguments: 0..<3) func `churn`(_ seed: UInt64) {
    var random = RandomConfigs(seed: seed)
    let hub = PluginHub()
    hub.becomeReady()
    var labels: [PluginIndex.Pod: [String: String]] = [:]
    var configs: [PluginConfigKey: PluginConfig] = [:]
    var streams: [PluginIndex.Pod: (stream: PluginSubscription, wakes: Wakes, seen: Int)] = [:]
    for number in 0..<500 {
      let pod = PluginIndex.Pod(namespace: "shop", name: "pod-\(number)")
      labels[pod] = random.labels()
      let wakes = Wakes()
      streams[pod] = (hub.subscribe(pod) { wakes.wake() }, wakes, 0)
    }
    hub.take(labels.map { ($0.key, Optional($0.value)) })
    var held = streams.mapValues { entry -> PluginSet in
      if case .set(let set) = entry.stream.current { set } else { PluginSet() }
    }
    streams = streams.mapValues { ($0.stream, $0.wakes, $0.wakes.value) }
    for _ in 0..<400 {
      let key = PluginConfigKey(namespace: "shop", name: "c\(Int.random(in: 0..<200, using: &random.random))")
      configs[key] = random.pick([true, true, false]) ? random.config(key) : nil
      hub.take([(key, configs[key])])
      // Only who is woken looks.
      for (pod, entry) in streams where entry.wakes.value > entry.seen {
        guard case .set(let set) = entry.stream.current else { continue }
        #expect(set.revision != held[pod]?.revision)
        held[pod] = set
        streams[pod]?.seen = entry.wakes.value
      }
    }
    for (pod, set) in held {
      let expected = PluginSet(merging: configs.values.filter { $0.selects(labels[pod] ?? [:]) })
      #expect(set.revision == expected.revision)
      #expect(set.parts == expected.parts)
    }
  }
}
