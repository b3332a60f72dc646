import KubernetesObjects
import PluginConfiguration

/// What a replica tells the one that leads: how many of its sidecars have which config in force. One value of a ConfigMap.
enum StandingReport {
  /// A ConfigMap holds 1 MiB, of all replicas together.
  static let maximumBytes = 256 << 10
  private static let longestRefusal = 200

  /// Configs that no sidecar has are left out; so are those that there is no room for.
  static func text(_ standings: [PluginConfigKey: PluginStanding]) -> String {
    var object = JSONObject()
    var room = maximumBytes - 2
    for (key, standing) in standings.sorted(by: { $0.key < $1.key }) {
      var value: JSONValue = [
        "version": .string(standing.version),
        "acknowledged": .number(JSONNumber(standing.acknowledged)),
      ]
      if standing.refused > 0 {
        value["refused"] = .number(JSONNumber(standing.refused))
        value["refusal"] = .string(String((standing.refusal ?? "").prefix(longestRefusal)))
      }
      room -= value.serialized().count + key.description.utf8.count + 4
      guard room >= 0 else { break }
      object[key.description] = value
    }
    return String(decoding: JSONValue.object(object).serialized(), as: UTF8.self)
  }

  /// What can't be read is left out: another version may have written it.
  static func standings(_ text: String) -> [PluginConfigKey: PluginStanding] {
    guard text.utf8.count <= maximumBytes, let object = try? JSONValue(parsing: Array(text.utf8)).object else {
      return [:]
    }
    var standings: [PluginConfigKey: PluginStanding] = [:]
    for (name, value) in object {
      let parts = name.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, let version = value["version"]?.string,
        let acknowledged = value["acknowledged"]?.integer, (0...1_000_000).contains(acknowledged)
      else { continue }
      var standing = PluginStanding(version: version)
      standing.acknowledged = acknowledged
      standing.refused = min(max(value["refused"]?.integer ?? 0, 0), 1_000_000)
      standing.refusal = value["refusal"]?.string.map { String($0.prefix(longestRefusal)) }
      standings[PluginConfigKey(namespace: String(parts[0]), name: String(parts[1]))] = standing
    }
    return standings
  }

  /// All replicas together, of one version of a config.
  static func sum(
    _ reports: some Sequence<[PluginConfigKey: PluginStanding]>,
    of key: PluginConfigKey,
    version: String
  ) -> PluginStanding {
    var sum = PluginStanding(version: version)
    for report in reports {
      guard let standing = report[key], standing.version == version else { continue }
      sum.acknowledged += standing.acknowledged
      sum.refused += standing.refused
      if let refusal = standing.refusal { sum.refusal = min(sum.refusal ?? refusal, refusal) }
    }
    return sum
  }
}
