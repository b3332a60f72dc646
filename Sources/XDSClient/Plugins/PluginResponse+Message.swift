import EnvoyAPI
import KubernetesObjects
import PluginConfiguration
import SwiftProtobuf

extension PluginResponse {
  /// What a process before has kept; nil for what is none.
  package init?(bytes: [UInt8]) {
    guard let message = try? Ai_Api7_Amesh_Proto_V1_PluginsResponse(serializedBytes: bytes) else { return nil }
    self.init(message)
  }

  init(_ message: Ai_Api7_Amesh_Proto_V1_PluginsResponse) {
    revision = message.revision
    parts = []
    refusals = [:]
    for config in message.plugins {
      let names = config.name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      // The first Amesh's names have no namespace.
      let key = PluginConfigKey(
        namespace: names.count == 2 ? String(names[0]) : "",
        name: String(names.last ?? "")
      )
      var part = PluginSet.Part(
        key: key,
        version: config.version,
        targets: config.targets.map { .init($0) },
        plugins: []
      )
      for plugin in config.plugins {
        switch Self.entry(plugin) {
        case .success(let entry): part.plugins.append(entry)
        case .failure(let problem): refusals[key] = "\(plugin.name.prefix(80)): \(problem.message)"
        }
      }
      if !part.plugins.isEmpty { parts.append(part) }
    }
  }

  private static func entry(_ plugin: Ai_Api7_Amesh_Proto_V1_AmeshPlugin) -> Result<PluginEntry, PluginConfigProblem> {
    guard !plugin.name.isEmpty, let phase = PluginEntry.Phase(rawValue: plugin.type) else {
      return .failure(PluginConfigProblem("type", "\(plugin.type.prefix(40)) is not known to this sidecar"))
    }
    guard phase == .route else { return .success(PluginEntry(phase, plugin.name, .string(plugin.config))) }
    guard let value = try? JSONValue(parsing: Array(plugin.config.utf8)), value.object != nil else {
      return .failure(PluginConfigProblem("config", "its configuration is no JSON object"))
    }
    return .success(PluginEntry(plugin.name, value))
  }
}

extension PluginTarget {
  init(_ target: Ai_Api7_Amesh_Proto_V1_PluginTarget) {
    self.init(
      services: target.services.map { Service(namespace: $0.namespace, name: $0.name) },
      hosts: target.hosts,
      ports: target.ports.map { Int($0) },
      direction: Direction(rawValue: target.direction)
    )
  }
}
