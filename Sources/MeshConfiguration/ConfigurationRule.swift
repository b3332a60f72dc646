import CertificateAuthority
import Injection
import KubernetesObjects

/// What must hold between keys.
struct ConfigurationRule: Sendable {
  /// The key that a violation is reported at.
  let key: String
  /// What is wrong and would be right; nil if all is well.
  let check: @Sendable (Configuration) -> String?

  static let all: [ConfigurationRule] =
    [
      ConfigurationRule(key: "mesh.injection.defaultPatches") { configuration in
        let mesh = configuration.mesh
        guard let missing = mesh.defaultPatches.first(where: { mesh.patches[$0] == nil }) else { return nil }
        let known = mesh.patches.keys.sorted().joined(separator: ", ")
        return "no patch is named \"\(missing)\"; mesh.injection.patches has \(known.isEmpty ? "none" : known)"
      },
      ConfigurationRule(key: "mesh.injection.defaultPatches") { configuration in
        PatchTrial(configuration.mesh).failure(of: configuration.mesh.defaultPatches)
      },
      ConfigurationRule(key: "mesh.injection.nativeSidecar") { configuration in
        guard configuration.mesh.nativeSidecar == .always, let minor = configuration.server.cluster.minorVersion,
          minor < 29
        else { return nil }
        return "always makes Pods hang in Kubernetes 1.\(minor), server.kubernetesVersion; use auto, or 1.29 or later"
      },
      ConfigurationRule(key: "mesh.injection.drain.maximumSeconds") { configuration in
        let drain = configuration.mesh.drain
        guard drain.minimumSeconds > drain.maximumSeconds else { return nil }
        return "\(drain.maximumSeconds) is less than minimumSeconds, \(drain.minimumSeconds); use that or more"
      },
      ConfigurationRule(key: "server.shutdown.timeoutSeconds") { configuration in
        let shutdown = configuration.server.shutdown
        guard shutdown.delaySeconds >= shutdown.timeoutSeconds else { return nil }
        return
          "\(shutdown.timeoutSeconds) leaves no time after delaySeconds, \(shutdown.delaySeconds); use more than that"
      },
      ConfigurationRule(key: "server.webhook.certificateFile") { configuration in
        let webhook = configuration.server.webhook
        guard (webhook.certificateFile == nil) != (webhook.privateKeyFile == nil) else { return nil }
        let missing = webhook.certificateFile == nil ? "certificateFile" : "privateKeyFile"
        return "certificateFile and privateKeyFile go together; \(missing) is missing"
      },
      ConfigurationRule(key: "identity.port") { configuration in
        let (server, identity) = (configuration.server, configuration.identity)
        guard identity.isEnabled, identity.port != 0 else { return nil }
        let others = [("the webhook's", server.webhook.port), ("the admin", server.admin.port)]
        guard let other = others.first(where: { $0.1 == identity.port }) else { return nil }
        return "\(identity.port) is \(other.0) port too; use another"
      },
      ConfigurationRule(key: "identity") { configuration in
        guard configuration.identity.isEnabled else { return nil }
        return configuration.identity.rotation.problems.first
      },
      ConfigurationRule(key: "identity.root.custody") { configuration in
        let (mode, identity) = (configuration.server.mode, configuration.identity)
        let isSecret = identity.root.custody == .secret
        guard identity.isEnabled, isSecret != (mode == .kubernetes) else { return nil }
        return isSecret
          ? "secret needs an API server; set server.mode: kubernetes, or another custody"
          : "\(identity.root.custody.rawValue) is one process's own, and replicas share one; use secret, or server.mode: standalone"
      },
      ConfigurationRule(key: "server.webhook.certificateFile") { configuration in
        let server = configuration.server
        guard server.mode == .kubernetes, !configuration.identity.isEnabled, server.webhook.certificateFile == nil
        else {
          return nil
        }
        return "the webhook's certificate is the mesh's, and identity.enabled is false; "
          + "name a certificate of your own, or set identity.enabled: true"
      },
      ConfigurationRule(key: "identity.socket") { configuration in
        let identity = configuration.identity
        guard identity.isEnabled, let socket = identity.socket, socket == identity.auditFile else { return nil }
        return "\(socket) is identity.auditFile too; give one of them another name"
      },
      ConfigurationRule(key: "identity.socket") { reserved($0.identity.socket) },
      ConfigurationRule(key: "identity.auditFile") { reserved($0.identity.auditFile) },
      ConfigurationRule(key: "server.admin.port") { configuration in
        let server = configuration.server
        guard server.admin.port == server.webhook.port, server.admin.port != 0 else { return nil }
        return "\(server.admin.port) is the webhook's port too; use another"
      },
    ] + resources("mesh.injection.proxy.resources", \.mesh.proxy.resources)
    + resources("mesh.injection.init.resources", \.mesh.initContainer.resources)

  /// What `amesh serve` itself keeps in the state directory.
  private static func reserved(_ name: String?) -> String? {
    guard let name, ["admin.sock", "authority", "identity", "lock", "serving"].contains(name) else { return nil }
    return "\(name) in the state directory is used by amesh itself; give it another name"
  }

  /// Kubernetes refuses a container that asks for more than its limit.
  private static func resources(
    _ key: String,
    _ keyPath: any KeyPath<Configuration, ResourceRequirements> & Sendable
  ) -> [ConfigurationRule] {
    ResourceRequirements.names.map { name in
      ConfigurationRule(key: "\(key).requests.\(name)") { configuration in
        let resources = configuration[keyPath: keyPath]
        guard let request = resources.requests[name], let limit = resources.limits[name], request > limit else {
          return nil
        }
        return "\(request.text) is more than the limit, \(limit.text); lower it or raise \(key).limits.\(name)"
      }
    }
  }
}
