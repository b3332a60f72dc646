import KubernetesObjects
import Redirect
import SPIFFE

extension SidecarPlan {
  /// `amesh-proxy`: APISIX with the Amesh library.
  func proxyContainer() -> [UInt8] {
    let frame = fragments.proxyFrame(pod, shape)
    var writer = JSONWriter(reservingCapacity: frame.count + 1024 + appProbes.count / 4 * 5)
    writer.raw(frame.head)
    writer.environment("AMESH_POD_PORTS", utf8: podPorts)
    writer.environment("AMESH_APP_CONTAINERS", appContainers)
    writer.environment(SidecarEnvironment.inboundPorts, servedPorts.text)
    if !appProbes.isEmpty { writer.environment(AppProbes.variable, utf8: appProbes) }
    if let appMetrics { writer.environment("AMESH_APP_METRICS", utf8: appMetrics) }
    writer.rest(frame.tail)
    return writer.bytes
  }
}

extension ContainerFrame {
  /// `amesh-proxy` but for the environment that tells it of one Pod's application.
  static func proxy(_ pod: PodSettings, _ shape: SidecarShape, _ fragments: MeshFragments.Constants) -> ContainerFrame {
    ContainerFrame(
      head: json { writer in
        writer.beginObject()
        writer.member("name", MeshNames.proxyContainer)
        writer.member("image", pod.proxyImage)
        writer.member("imagePullPolicy", pod.proxyImagePullPolicy.rawValue)
        if shape.isNative { writer.member("restartPolicy", "Always") }
        writer.member("ports", raw: ProxyConstants.ports)
        writer.key("env")
        writer.beginArray()
        writer.raw(fragments.environment)
        writer.environment("AMESH_LOG_LEVEL", pod.logLevel.rawValue)
        writer.environment(SidecarEnvironment.mtls, pod.mtls.rawValue)
        if let identities = pod.allowedIdentities {
          writer.environment(SidecarEnvironment.allowedIdentities, identities.map(\.description).joined(separator: ","))
        }
      },
      tail: json { writer in
        writer.endArray()
        if !shape.hasPodResources { writer.resources(pod.resources) }
        if shape.isNative, pod.holdApplication { writer.member("startupProbe", raw: ProxyConstants.startupProbe) }
        writer.member("readinessProbe", raw: ProxyConstants.readinessProbe)
        writer.object("lifecycle") { writer in writeLifecycle(pod, shape, &writer) }
        writer.member("securityContext", raw: fragments.securityContext)
        writer.member("volumeMounts", raw: ProxyConstants.volumeMounts)
        writer.member("terminationMessagePolicy", "FallbackToLogsOnError")
        writer.endObject()
      }
    )
  }

  private static func writeLifecycle(_ pod: PodSettings, _ shape: SidecarShape, _ writer: inout JSONWriter) {
    func exec(_ command: [String]) {
      writer.object { writer in
        writer.object("exec") { writer in
          writer.array("command") { writer in for word in command { writer.string(word) } }
        }
      }
    }
    if !shape.isNative, pod.holdApplication {
      // The kubelet starts the next container only when this one's postStart has ended.
      writer.key("postStart")
      exec(["amesh", "wait", "--url=http://127.0.0.1:\(MeshPorts.health)/healthz/ready", "--timeout=60"])
    }
    writer.key("preStop")
    exec([
      "amesh", "drain", "--minimum=\(shape.drain.minimumSeconds)", "--maximum=\(shape.drain.maximumSeconds)",
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
