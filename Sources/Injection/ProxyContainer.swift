import KubernetesObjects

extension SidecarPlan {
  /// `amesh-proxy`: APISIX with the Amesh library.
  func proxyContainer() -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: 4096)
    writer.object { writer in
      writer.member("name", MeshNames.proxyContainer)
      writer.member("image", pod.proxyImage)
      writer.member("imagePullPolicy", pod.proxyImagePullPolicy.rawValue)
      if isNative { writer.member("restartPolicy", "Always") }
      writer.member("ports", raw: ProxyConstants.ports)
      writer.array("env") { writer in writeEnvironment(&writer) }
      if !hasPodResources, let resources = fragments.resources(pod.resources) {
        writer.member("resources", raw: resources)
      }
      if isNative, pod.holdApplication { writer.member("startupProbe", raw: ProxyConstants.startupProbe) }
      writer.member("readinessProbe", raw: ProxyConstants.readinessProbe)
      writer.object("lifecycle") { writer in writeLifecycle(&writer) }
      writer.member("securityContext", raw: fragments.securityContext)
      writer.member("volumeMounts", raw: ProxyConstants.volumeMounts)
      writer.member("terminationMessagePolicy", "FallbackToLogsOnError")
    }
    return writer.bytes
  }

  private func writeEnvironment(_ writer: inout JSONWriter) {
    writer.raw(fragments.environment)
    func set(_ name: String, _ value: String) { writer.environment(name, value) }
    set("AMESH_LOG_LEVEL", pod.logLevel.rawValue)
    set("AMESH_POD_PORTS", podPorts)
    set("AMESH_APP_CONTAINERS", appContainers)
    if !appProbes.isEmpty { set(AppProbes.variable, appProbes) }
    if let appMetrics { set("AMESH_APP_METRICS", appMetrics) }
  }

  private func writeLifecycle(_ writer: inout JSONWriter) {
    func exec(_ command: [String]) {
      writer.object { writer in
        writer.object("exec") { writer in
          writer.array("command") { writer in for word in command { writer.string(word) } }
        }
      }
    }
    if !isNative, pod.holdApplication {
      // The kubelet starts the next container only when this one's postStart has ended.
      writer.key("postStart")
      exec(["amesh", "wait", "--url=http://127.0.0.1:\(MeshPorts.health)/healthz/ready", "--timeout=60"])
    }
    // Two seconds before the kubelet's SIGKILL, so that APISIX gets its SIGTERM first.
    let maximum = max(0, min(mesh.drain.maximumSeconds, terminationGracePeriod - 2))
    writer.key("preStop")
    exec([
      "amesh", "drain", "--minimum=\(min(mesh.drain.minimumSeconds, maximum))", "--maximum=\(maximum)",
      "--ports=\(MeshPorts.inbound),\(MeshPorts.inboundMTLS),\(MeshPorts.outbound)",
    ])
  }
}

/// The parts of the containers that are the same in every Pod, serialised once.
enum ProxyConstants {
  static let ports = json([
    ["containerPort": .number(JSONNumber(MeshPorts.metrics)), "name": "amesh-metrics", "protocol": "TCP"]
  ])

  static let readinessProbe = json([
    "failureThreshold": 3, "httpGet": ready, "periodSeconds": 5, "successThreshold": 1, "timeoutSeconds": 3,
  ])

  static let startupProbe = json([
    "failureThreshold": 600, "httpGet": ready, "periodSeconds": 1, "successThreshold": 1, "timeoutSeconds": 3,
  ])

  private static let ready: JSONValue = [
    "path": "/healthz/ready", "port": .number(JSONNumber(MeshPorts.health)), "scheme": "HTTP",
  ]

  static let initSecurityContext = json([
    "allowPrivilegeEscalation": false,
    "capabilities": ["add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]],
    "privileged": false,
    "readOnlyRootFilesystem": true,
    "runAsGroup": 0,
    "runAsNonRoot": false,
    "runAsUser": 0,
    "seccompProfile": ["type": "RuntimeDefault"],
  ])

  /// The elements of a list, without its brackets.
  static let downwardEnvironment: [[UInt8]] = [
    field("POD_NAME", "metadata.name"),
    field("POD_NAMESPACE", "metadata.namespace"),
    field("POD_IP", "status.podIP"),
    field("POD_IPS", "status.podIPs"),
    field("HOST_IP", "status.hostIP"),
    field("SERVICE_ACCOUNT", "spec.serviceAccountName"),
    field("NODE_NAME", "spec.nodeName"),
    limit("AMESH_CPU_LIMIT", "limits.cpu"),
    limit("AMESH_MEMORY_LIMIT", "limits.memory"),
  ]

  static let volumeMounts = json([
    mount(MeshNames.tokenVolume, at: "/var/run/secrets/amesh/token"),
    mount(MeshNames.rootVolume, at: "/var/run/secrets/amesh/root"),
    mount(MeshNames.podInfoVolume, at: "/etc/amesh/podinfo"),
    ["mountPath": "/var/run/amesh", "name": .string(MeshNames.runVolume)],
    noAPIToken,
  ])

  static let initVolumeMounts = json([noAPIToken])

  /// The API server mounts the ServiceAccount's token into every container that has nothing at this path.
  private static let noAPIToken = mount(
    MeshNames.noAPITokenVolume,
    at: "/var/run/secrets/kubernetes.io/serviceaccount"
  )

  private static func mount(_ volume: String, at path: String) -> JSONValue {
    ["mountPath": .string(path), "name": .string(volume), "readOnly": true]
  }

  private static func field(_ name: String, _ path: String) -> [UInt8] {
    json([
      "name": .string(name),
      "valueFrom": ["fieldRef": ["apiVersion": "v1", "fieldPath": .string(path)]],
    ])
  }

  private static func limit(_ name: String, _ resource: String) -> [UInt8] {
    json([
      "name": .string(name),
      "valueFrom": ["resourceFieldRef": ["divisor": "0", "resource": .string(resource)]],
    ])
  }

  private static func json(_ value: JSONValue) -> [UInt8] { value.serialized() }
}
