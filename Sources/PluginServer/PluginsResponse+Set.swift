import EnvoyAPI
import PluginConfiguration
import SwiftProtobuf

extension Ai_Api7_Amesh_Proto_V1_PluginsResponse {
  /// - Parameter knowsTargets: whether the client does; one that does not would apply everywhere what has targets.
  init(_ set: PluginSet, knowsTargets: Bool) {
    self.init()
    revision = set.revision
    plugins = set.parts.filter { knowsTargets || $0.targets.isEmpty }.map { .init($0) }
  }
}

extension Ai_Api7_Amesh_Proto_V1_AmeshPluginConfig {
  fileprivate init(_ part: PluginSet.Part) {
    self.init()
    name = part.key.description
    version = part.version
    targets = part.targets.map { target in
      .with {
        $0.services = target.services.map { service in
          .with {
            $0.namespace = service.namespace
            $0.name = service.name
          }
        }
        $0.hosts = target.hosts
        $0.ports = target.ports.map { UInt32(clamping: $0) }
        $0.direction = target.direction?.rawValue ?? ""
      }
    }
    plugins = part.plugins.map { plugin in
      .with {
        $0.type = plugin.key.phase.rawValue
        $0.name = plugin.key.name
        $0.config = plugin.text
      }
    }
  }
}
