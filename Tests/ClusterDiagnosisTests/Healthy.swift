import CertificateAuthority
import CertificateTesting
import FoundationEssentials
import Injection
import KubernetesObjects

@testable import ClusterDiagnosis

/// A cluster in which nothing is wrong, for tests that break something.
struct Healthy {
  static let now = Date(timeIntervalSince1970: 1_800_000_000)
  static let subject = DiagnosisSubject(namespace: "amesh-system", revision: "default")
  static let mark = SidecarMark(version: "0.1.0", revision: "default", configHash: "h1")

  let root: MadeAuthority
  var snapshot: ClusterSnapshot

  init() throws {
    root = try CertificateMaker(notBefore: Self.now.addingTimeInterval(-86_400)).root()
    snapshot = ClusterSnapshot(Self.subject, now: Self.now)
    snapshot.server = .known("v1.33.1")
    snapshot.namespaces = .known([
      NamespaceFacts("amesh-system", labels: [ControlPlaneCheck.ownLabel: "true"]),
      NamespaceFacts("shop", labels: [MeshNames.injectionLabel: "enabled"]), NamespaceFacts("plain"),
      NamespaceFacts("kube-system"),
    ])
    snapshot.deployments = .known([DeploymentFacts("amesh", image: "apache/amesh:0.1.0", wanted: 2, available: 2)])
    snapshot.controlPlanePods = .known(["a", "b"].map { ControlPlanePodFacts("amesh-\($0)", isReady: true) })
    snapshot.services = .known(["amesh"])
    snapshot.webhooks = .known([try Self.webhooks(Self.subject, bundle: root.pem)])
    let (holder, end) = ("amesh-a-1k3", Self.now.addingTimeInterval(5 * 86_400))
    snapshot.authority = .known(
      AuthorityFacts(
        roots: [.init(certificate: root.certificate, signs: true)],
        intermediates: [.init(replica: holder, notAfter: end)]
      )
    )
    let names = snapshot.namespaces.value?.map(\.name) ?? []
    snapshot.bundles = .known(Dictionary(uniqueKeysWithValues: names.map { [root] in ($0, root.pem) }))
    snapshot.lease = .known(LeaseFacts(holder: holder, seconds: 15, renewed: Self.now.addingTimeInterval(-4)))
    let needed = Permission.needed(by: Self.subject, configurations: ["amesh-sidecar-injector"])
    snapshot.permissions = .known(Dictionary(uniqueKeysWithValues: needed.map { ($0, true) }))
    snapshot.pods = .known([
      PodFacts("shop", "web", PodSidecar(hasProxy: true, mark: Self.mark)), PodFacts("plain", "db", PodSidecar()),
    ])
    snapshot.configHash = .known("h1")
  }

  /// As the manifests have them.
  static func webhooks(
    _ subject: DiagnosisSubject,
    bundle: String,
    change: (inout JSONValue) -> Void = { _ in }
  ) throws -> WebhookConfigurationFacts {
    let webhooks = try ExpectedWebhook.all(subject).map { expected in
      try fact(expected, bundle: bundle, change: change)
    }
    return WebhookConfigurationFacts(name: "amesh-sidecar-injector", revision: subject.revision, webhooks: webhooks)
  }

  private static func fact(
    _ expected: ExpectedWebhook,
    bundle: String,
    change: (inout JSONValue) -> Void
  ) throws -> WebhookFacts {
    var webhook: JSONValue = [
      "name": .string(expected.name),
      "clientConfig": [
        "service": ["namespace": "amesh-system", "name": "amesh", "port": 443, "path": .string(expected.path)],
        "caBundle": .string(Data(bundle.utf8).base64EncodedString()),
      ],
      "namespaceSelector": expected.namespaceSelector.value,
      "objectSelector": expected.objectSelector.value,
      "failurePolicy": "Fail",
      "sideEffects": "None",
      "timeoutSeconds": 5,
      "reinvocationPolicy": "IfNeeded",
      "matchPolicy": "Equivalent",
      "admissionReviewVersions": ["v1"],
      "rules": [
        [
          "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"],
          "scope": "Namespaced",
        ]
      ],
    ]
    change(&webhook)
    guard let fact = WebhookFacts(try JSONDocument(parsing: webhook.serialized()).root) else {
      throw Unreadable(what: expected.name)
    }
    return fact
  }

  struct Unreadable: Error { var what: String }
}

extension ClusterSnapshot {
  /// What a test does to namespaces.
  mutating func change(_ name: String, _ change: (inout NamespaceFacts) -> Void) {
    guard var namespaces = namespaces.value, let index = namespaces.firstIndex(where: { $0.name == name }) else {
      return
    }
    change(&namespaces[index])
    self.namespaces = .known(namespaces)
  }
}
