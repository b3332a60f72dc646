import AmeshTesting
import KubernetesObjects
import PluginConfiguration
import Testing

/// Whole situations: configs and Pods in, sets and statuses out.
@Suite struct PluginGoldenTests {
  private static let folder = GoldenFolder(beside: #filePath)

  @Test(arguments: try folder.names()) func `situation`(_ name: String) throws {
    let situation = try Self.folder.input(name)
    var index = PluginIndex()
    var readings: [PluginConfigKey: PluginConfigReading] = [:]
    for object in situation["configs"]?.array ?? [] {
      let reading = PluginConfigReading(object)
      let key = PluginConfigKey(
        namespace: object["metadata"]?["namespace"]?.string ?? "",
        name: object["metadata"]?["name"]?.string ?? ""
      )
      readings[key] = reading
      _ = index.set(reading.config, for: key)
    }
    var pods: [PluginIndex.Pod] = []
    for object in situation["pods"]?.array ?? [] {
      let pod = PluginIndex.Pod(
        namespace: object["namespace"]?.string ?? "",
        name: object["name"]?.string ?? ""
      )
      let labels = object["labels"]?.object.map { $0.reduce(into: [:]) { $0[$1.key] = $1.value.string } }
      _ = index.set(labels ?? [:], for: pod)
      pods.append(pod)
    }
    let actual: JSONValue = [
      "sets": .object(JSONObject(pods.map { ("\($0.namespace)/\($0.name)", value(index.set(of: $0))) })),
      "statuses": .object(
        JSONObject(readings.sorted { $0.key < $1.key }.map { ($0.key.description, status($0.key, $0.value, index)) })
      ),
    ]
    #expect(try Self.folder.compare(name, with: actual) == nil)
  }

  @Test func `no expectation is left over`() throws { #expect(try Self.folder.orphans() == []) }

  private func value(_ set: PluginSet?) -> JSONValue {
    .array(
      (set?.parts ?? []).map { part in
        [
          "config": .string(part.key.description),
          "version": .string(part.version),
          "targets": .number(JSONNumber(part.targets.count)),
          "plugins": .object(JSONObject(part.plugins.map { ($0.key.description, $0.config) })),
        ]
      }
    )
  }

  private func status(_ key: PluginConfigKey, _ reading: PluginConfigReading, _ index: PluginIndex) -> JSONValue {
    var facts = PluginConfigFacts(generation: reading.config?.generation ?? 1)
    facts.problems = reading.problems
    facts.plugins = reading.config?.plugins.map(\.key.name) ?? []
    facts.selected = index.selected[key] ?? 0
    facts.acknowledged = facts.selected / 2
    facts.conflicts = index.conflicts.filter { $0.winner == key || $0.loser == key }
    return PluginConfigStatus.status(of: key, facts, previous: nil, now: "2026-01-01T00:00:00Z")
  }
}
