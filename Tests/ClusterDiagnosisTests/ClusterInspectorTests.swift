import CertificateTesting
import ClusterDiagnosis
import ClusterInspection
import FoundationEssentials
import Injection
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import Testing

/// Reading a cluster, on the API server's twin.
struct ClusterInspectorTests {
  private static let subject = DiagnosisSubject(namespace: "amesh-system", revision: "default")
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  private static func inspector(_ server: InMemoryAPIServer, version: String = "0.1.0") -> ClusterInspector {
    ClusterInspector(
      client: server,
      subject: subject,
      version: version,
      now: { now },
      probe: { _ in .silent("refused") }
    )
  }

  private static let mesh = """
    apiVersion: amesh.apisix.apache.org/v1alpha1
    kind: MeshConfig
    mesh:
      injection:
        neverInject: [{ matchLabels: { app: legacy } }]
    """

  private static func install(_ server: InMemoryAPIServer, root: String) async throws {
    let labels: JSONValue = ["amesh.apisix.apache.org/control-plane-rev": "default"]
    try await server.create(.namespaces, ["metadata": ["name": "amesh-system"]])
    let enabled: JSONValue = [MeshNames.injectionLabel: "enabled"]
    try await server.create(.namespaces, ["metadata": ["name": "shop", "labels": enabled]])
    let container: JSONValue = [
      "name": "amesh", "image": "apache/amesh:0.1.0", "args": ["serve", "--config", "/etc/amesh/mesh.yaml"],
    ]
    let pod: JSONValue = [
      "serviceAccountName": "amesh", "containers": [container],
      "volumes": [["name": "configuration", "configMap": ["name": "amesh"]]],
    ]
    try await server.create(
      .deployments,
      [
        "metadata": ["name": "amesh", "namespace": "amesh-system", "labels": labels],
        "spec": ["replicas": 2, "template": ["spec": pod]], "status": ["availableReplicas": 2],
      ]
    )
    let data: JSONValue = ["mesh.yaml": .string(mesh)]
    try await server.create(.configMaps, ["metadata": ["name": "amesh", "namespace": "amesh-system"], "data": data])
    for namespace in ["amesh-system", "shop"] {
      let bundle: JSONValue = ["name": "amesh-root", "namespace": .string(namespace)]
      try await server.create(.configMaps, ["metadata": bundle, "data": ["root-cert.pem": .string(root)]])
    }
    let webhook: JSONValue = [
      "name": "pod.injection.amesh.apisix.apache.org",
      "clientConfig": ["service": ["namespace": "amesh-system", "name": "amesh"]],
    ]
    try await server.create(
      .mutatingWebhookConfigurations,
      ["metadata": ["name": "amesh-sidecar-injector", "labels": labels], "webhooks": [webhook]]
    )
    let lease: JSONValue = [
      "holderIdentity": "amesh-a", "leaseDurationSeconds": 15, "renewTime": "2027-01-15T07:59:58.123456Z",
    ]
    try await server.create(
      .leases,
      ["metadata": ["name": "amesh-leader", "namespace": "amesh-system"], "spec": lease]
    )
    for (name, app) in [("web", "web"), ("old", "legacy")] {
      let metadata: JSONValue = ["name": .string(name), "namespace": "shop", "labels": ["app": .string(app)]]
      try await server.create(.pods, ["metadata": metadata, "spec": ["containers": [["name": "app"]]]])
    }
  }

  @Test func `What is there is read`() async throws {
    let server = InMemoryAPIServer()
    let root = try CertificateMaker(notBefore: Self.now).root().pem
    try await Self.install(server, root: root)
    let snapshot = await Self.inspector(server).snapshot()
    #expect(snapshot.server.value == "v1.33.0")
    let names = Set((snapshot.namespaces.value ?? []).map(\.name))
    #expect(names.isSuperset(of: ["amesh-system", "shop", "default"]))
    #expect(snapshot.deployments.value?.first?.version == "0.1.0")
    #expect(snapshot.webhooks.value?.first?.webhooks.map(\.name) == ["pod.injection.amesh.apisix.apache.org"])
    let endpoint = WebhookEndpoint(host: "amesh.amesh-system.svc", port: 443, isService: true)
    #expect(snapshot.probes == [endpoint: .silent("refused")])
    #expect(snapshot.bundles.value == ["amesh-system": root, "shop": root])
    #expect(snapshot.lease.value??.renewed == Date(timeIntervalSince1970: 1_799_999_998))
    #expect(snapshot.permissions.value?.values.allSatisfy { $0 } == true)
    #expect(snapshot.permissions.value?.keys.contains { $0.name == "amesh-sidecar-injector" } == true)
    let pods = Dictionary(uniqueKeysWithValues: (snapshot.pods.value ?? []).map { ($0.name, $0.sidecar.isExempt) })
    #expect(pods == ["web": false, "old": true], "the mesh's own neverInject counts")
    #expect(snapshot.configHash.value?.count == 16)
  }

  @Test func `A configuration of another version is not compared`() async throws {
    let server = InMemoryAPIServer()
    try await Self.install(server, root: "")
    let snapshot = await Self.inspector(server, version: "0.2.0").snapshot()
    guard case .unknown(let problem) = snapshot.configHash else {
      Issue.record("a hash was made up")
      return
    }
    #expect(problem == "this amesh is 0.2.0, the control plane 0.1.0")
  }

  @Test func `What is forbidden is unknown, and the rest is read`() async throws {
    let server = InMemoryAPIServer()
    try await Self.install(server, root: "")
    let forbidden = APIError.refused(KubernetesError(code: 403, reason: "Forbidden", message: "no"))
    server.fail(TwinFault(forbidden, count: .max) { $0.resource == .secrets || $0.resource == .subjectAccessReviews })
    let snapshot = await Self.inspector(server).snapshot()
    for problem in [Self.problem(snapshot.authority), Self.problem(snapshot.permissions)] {
      #expect(problem?.contains("403 Forbidden") == true)
    }
    #expect(snapshot.pods.value?.count == 2)
  }

  @Test func `Without an API server there is an answer too`() async {
    let server = InMemoryAPIServer()
    server.goAway()
    let diagnosis = await Diagnosis.of(await Self.inspector(server).snapshot())
    #expect(diagnosis.findings.map(\.section) == [.server])
    #expect(diagnosis.worst == .failure)
  }

  @Test func `What a ServiceAccount may not do is found`() async throws {
    let server = InMemoryAPIServer()
    try await Self.install(server, root: "")
    server.allow { spec in
      spec["user"] == "system:serviceaccount:amesh-system:amesh" && spec["resourceAttributes"]?["resource"] != "nodes"
    }
    let answers = await Self.inspector(server).snapshot().permissions.value ?? [:]
    #expect(Set(answers.filter { !$0.value }.keys.map(\.resource)) == ["nodes"])
  }

  private static func problem<Value>(_ learned: Learned<Value>) -> String? {
    if case .unknown(let problem) = learned { problem } else { nil }
  }
}
