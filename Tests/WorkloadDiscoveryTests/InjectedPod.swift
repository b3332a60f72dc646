import AmeshTesting
import Injection
import KubernetesObjects
import SPIFFE
import Testing
import WorkloadDiscovery

/// A Pod as the injector makes it and a kubelet runs it.
enum InjectedPod {
  static func make(
    annotations: [String: String] = [:],
    isNative: Bool = true,
    addresses: [String] = ["10.0.0.1", "fd00::1"],
    _ settings: MeshSettings = MeshSettings()
  ) throws -> JSONValue {
    var pod: JSONValue = [
      "apiVersion": "v1", "kind": "Pod",
      "metadata": [
        "name": "web", "namespace": "shop", "uid": "u-1", "creationTimestamp": "2026-01-02T03:04:05Z",
        "annotations": .object(JSONObject(annotations.map { (MeshNames.prefix + $0.key, .string($0.value)) })),
      ],
      "spec": [
        "serviceAccountName": "cart",
        "containers": [
          ["name": "app", "image": "app", "ports": [["name": "http", "containerPort": 8080]]]
        ],
      ],
    ]
    let injector = Injector(settings: settings)
    let document = try JSONDocument(parsing: pod.serialized())
    let outcome = injector.inject(
      pod: document.root,
      context: InjectionContext(
        namespace: NamespaceMetadata(name: "shop", labels: [MeshNames.injectionLabel: "enabled"]),
        cluster: ClusterCapabilities(minorVersion: isNative ? 33 : 27)
      )
    )
    let patch = try #require(outcome.patch, "\(outcome.reason): \(outcome.message)")
    pod = try JSONPatch(JSONValue(parsing: patch)).apply(to: pod)
    pod["status"] = status(addresses)
    return pod
  }

  static func status(_ addresses: [String], phase: String = "Running") -> JSONValue {
    [
      "phase": .string(phase), "podIP": .string(addresses.first ?? ""),
      "podIPs": .array(addresses.map { ["ip": .string($0)] }),
    ]
  }

  static func endpoint(_ pod: JSONValue) throws -> PodEndpoint? {
    try PodEndpoint(JSONDocument(parsing: pod.serialized()).root, trustDomain: TrustDomain("cluster.local"))
  }
}
