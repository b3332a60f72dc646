import KubernetesObjects
import PluginConfiguration
import RoutePlugins
import SidecarSettings

/// `/debug/plugins`: what applies from where.
package enum PluginDocument {
  package static func plugins(_ status: PluginStatus) -> [UInt8] {
    var value: JSONValue = [
      "source": .string(status.source?.description ?? ""),
      "revision": .string(status.revision ?? ""),
      "kept": .bool(status.isKept),
      "acknowledged": .bool(status.isAcknowledged),
      "lastFailure": .string(status.lastFailure ?? ""),
      "configs": .array(status.parts.map { config($0, status) }),
    ]
    if !status.unreadable.isEmpty {
      let reasons = status.unreadable.sorted { $0.key < $1.key }.map {
        ($0.key.description, JSONValue.string($0.value))
      }
      value["unreadable"] = .object(JSONObject(reasons))
    }
    return value.serialized()
  }

  private static func config(_ part: PluginSet.Part, _ status: PluginStatus) -> JSONValue {
    var value: JSONValue = [
      "config": .string(part.key.description),
      "version": .string(part.version),
      "plugins": .array(
        status.effects.filter { $0.config == part.key }.map { effect in
          var plugin: JSONValue = [
            "name": .string(effect.plugin.name),
            "type": .string(effect.plugin.phase.rawValue),
            "routes": .number(JSONNumber(effect.routes)),
          ]
          if !effect.refusals.isEmpty {
            let refusals = effect.refusals.sorted { $0.key < $1.key }
            plugin["refused"] = .object(JSONObject(refusals.map { ($0.key, .number(JSONNumber($0.value))) }))
          }
          return plugin
        }
      ),
    ]
    if !part.targets.isEmpty { value["targets"] = .array(part.targets.map(target)) }
    return value
  }

  private static func target(_ target: PluginTarget) -> JSONValue {
    var value = JSONObject()
    if !target.services.isEmpty {
      value["services"] = .array(
        target.services.map { ["namespace": .string($0.namespace), "name": .string($0.name)] }
      )
    }
    if !target.hosts.isEmpty { value["hosts"] = .array(target.hosts.map { .string($0) }) }
    if !target.ports.isEmpty { value["ports"] = .array(target.ports.map { .number(JSONNumber($0)) }) }
    if let direction = target.direction { value["direction"] = .string(direction.rawValue) }
    return .object(value)
  }
}
