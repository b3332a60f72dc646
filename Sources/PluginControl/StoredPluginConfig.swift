import KubernetesAPI
package import KubernetesObjects
package import PluginConfiguration

extension KubernetesResource {
  static let pluginConfigs = KubernetesResource(
    group: "apisix.apache.org",
    version: "v1alpha1",
    plural: "ameshpluginconfigs",
    kind: PluginConfig.kind
  )
}

/// A config as the API server has it: what is judged, and what its status says.
package struct StoredPluginConfig: Sendable, Equatable {
  package var key: PluginConfigKey
  package var uid: String
  package var generation: Int
  /// Without what does not matter to anybody here.
  package var object: JSONValue
  package var status: JSONValue?

  /// Names, whatever else is wrong.
  var plugins: [String] { object["spec"]?["plugins"]?.array?.compactMap { $0["name"]?.string } ?? [] }

  init?(_ view: JSONView) {
    guard let metadata = view["metadata"], let namespace = metadata.string(of: "namespace"),
      let name = metadata.string(of: "name"), metadata["deletionTimestamp"] == nil
    else { return nil }
    key = PluginConfigKey(namespace: namespace, name: name)
    uid = metadata.string(of: "uid") ?? ""
    generation = metadata.integer(of: "generation") ?? 1
    status = view["status"]?.value
    object = [
      "kind": .string(PluginConfig.kind),
      "metadata": [
        "namespace": .string(namespace), "name": .string(name), "uid": .string(uid),
        "generation": .number(JSONNumber(generation)),
        "creationTimestamp": .string(metadata.string(of: "creationTimestamp") ?? ""),
      ],
    ]
    if let spec = view["spec"] { object["spec"] = spec.value }
  }
}
