import Injection
import KubernetesObjects
import Redirect

/// The meshes that golden cases choose from by name.
enum GoldenSettings {
  static func named(_ name: String) -> MeshSettings? {
    var settings = MeshSettings()
    switch name {
    case "default": break
    case "canary": settings.revision = "canary"
    case "never-inject":
      settings.neverInject = [
        LabelSelector(matchLabels: ["tier": "batch"]),
        LabelSelector(matchExpressions: [
          .init(key: "openshift.io/build.name", operator: .exists),
          .init(key: "keep", operator: .notIn, values: ["yes"]),
        ]),
      ]
    case "pull-secrets": settings.imagePullSecrets = ["registry-one", "registry-two"]
    case "patches", "default-patches":
      settings.patches = patches
      settings.defaultPatches = name == "patches" ? [] : ["debug"]
    case "no-prometheus": settings.prometheus.annotate = false
    case "classic": settings.nativeSidecar = .never
    case "always-native": settings.nativeSidecar = .always
    case "no-resources":
      settings.proxy.resources = ResourceRequirements()
      settings.initContainer.resources = ResourceRequirements()
    case "large-init":
      settings.initContainer.resources = ResourceRequirements(
        requests: ["cpu": "2", "memory": "1Gi", "ephemeral-storage": "1Gi"],
        limits: ["cpu": "4", "memory": "2Gi"]
      )
    case "other-user": (settings.proxy.uid, settings.proxy.gid) = (2000, 3000)
    case "capture":
      settings.capture.outboundPorts = .all
      settings.capture.excludeOutboundPorts = [3306, 6379].map(PortRange.init)
      settings.capture.excludeInboundPorts = [PortRange(9999)]
      settings.capture.includeOutboundCIDRs = ["10.0.0.0/8", "fd00::/8"].compactMap { CIDR($0) }
      settings.capture.excludeInterfaces = ["net1"]
      settings.capture.excludeUIDs = [999]
    case "drain": (settings.drain.minimumSeconds, settings.drain.maximumSeconds) = (10, 60)
    default: return nil
    }
    return settings
  }

  private static let patches: [String: ContainerPatch] = [
    "debug": patch(.proxy, [["op": "add", "path": "/env/-", "value": ["name": "DEBUG", "value": "1"]]]),
    "roomy-init": patch(.initContainer, [["op": "replace", "path": "/resources/limits/memory", "value": "96Mi"]]),
    "no-match": patch(.proxy, [["op": "replace", "path": "/env/0/valueFrom/secretKeyRef", "value": "x"]]),
    "failed-test": patch(.proxy, [["op": "test", "path": "/imagePullPolicy", "value": "Never"]]),
    "renames": patch(.proxy, [["op": "replace", "path": "/name", "value": "envoy"]]),
  ]

  private static func patch(_ target: ContainerPatch.Target, _ operations: JSONValue) -> ContainerPatch {
    do {
      return ContainerPatch(target: target, patch: try JSONPatch(operations))
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
