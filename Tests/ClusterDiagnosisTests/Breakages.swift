import CertificateAuthority
import CertificateTesting
import FoundationEssentials
import Injection
import KubernetesObjects

@testable import ClusterDiagnosis

/// What can be wrong with a cluster.
enum Breakages {
  typealias Case = DiagnosisTests.Case

  static let controlPlane: [Case] = [
    Case(.failure, .controlPlane, "no namespace amesh-system") { $0.namespaces = .known([]) },
    Case(.failure, .controlPlane, "is being deleted") { $0.change("amesh-system") { $0.isTerminating = true } },
    Case(.warning, .controlPlane, "lacks the label") { $0.change("amesh-system") { $0.labels = [:] } },
    Case(.failure, .controlPlane, "no Deployment in amesh-system") { $0.deployments = .known([]) },
    Case(.failure, .controlPlane, "0 of 2 replicas") {
      $0.deployments = .known([DeploymentFacts("amesh", wanted: 2, available: 0)])
    },
    Case(.warning, .controlPlane, "1 of 2 replicas") {
      $0.deployments = .known([DeploymentFacts("amesh", wanted: 2, available: 1)])
    },
    Case(.warning, .controlPlane, "nothing has acted on it") {
      $0.deployments = .known([DeploymentFacts("amesh", wanted: 2, available: 2, isObserved: false)])
    },
    Case(.failure, .controlPlane, "no Pod of it runs") { $0.controlPlanePods = .known([]) },
    Case(.warning, .controlPlane, "amesh-a is not ready: ImagePullBackOff") {
      $0.controlPlanePods = .known([ControlPlanePodFacts("amesh-a", isReady: false, trouble: "ImagePullBackOff")])
    },
    Case(.failure, .permissions, "update secrets/amesh-ca in amesh-system") {
      var answers = $0.permissions.value ?? [:]
      answers[Permission("update", "", "secrets", namespace: "amesh-system", name: "amesh-ca")] = false
      $0.permissions = .known(answers)
    },
    Case(.failure, .leader, "nobody has ever led") { $0.lease = .known(nil) },
    Case(.warning, .leader, "nobody leads") { $0.lease = .known(LeaseFacts(holder: "", seconds: 15, renewed: nil)) },
    Case(.failure, .leader, "led last 10 min ago") {
      $0.lease = .known(LeaseFacts(holder: "a", seconds: 15, renewed: Healthy.now.addingTimeInterval(-600)))
    },
  ]

  static let webhooks: [Case] = [
    Case(.failure, .webhooks, "no MutatingWebhookConfiguration") { $0.webhooks = .known([]) },
    Case(.failure, .webhooks, "missing: namespace.injection") {
      var all = $0.webhooks.value ?? []
      all[0].webhooks.removeFirst()
      $0.webhooks = .known(all)
    },
    changed(.warning, "failurePolicy Ignore") { $0["failurePolicy"] = "Ignore" },
    changed(.warning, "timeoutSeconds 30") { $0["timeoutSeconds"] = 30 },
    changed(.warning, "differs from the manifests: namespaceSelector") { $0["namespaceSelector"] = [:] },
    changed(.failure, "is not asked about new Pods") { $0["rules"] = [] },
    changed(.failure, "Service elsewhere/amesh") { $0["clientConfig"]?["service"]?["namespace"] = "elsewhere" },
    changed(.failure, "have no caBundle") { $0["clientConfig"]?["caBundle"] = "" },
    changed(.failure, "can't be read as certificates") { $0["clientConfig"]?["caBundle"] = "bm9uc2Vuc2U=" },
    Case(.failure, .webhooks, "does not answer: refused") {
      $0.probes[Self.service] = .silent("refused")
    },
    Case(.failure, .webhooks, "would not trust") {
      let stranger = try CertificateMaker(notBefore: Healthy.now.addingTimeInterval(-86_400)).root("stranger")
      $0.probes[Self.service] = .chain([stranger.certificate])
    },
    Case(.failure, .webhooks, "its certificate is not for amesh.amesh-system.svc") {
      let own = try CertificateMaker(notBefore: Healthy.now.addingTimeInterval(-86_400)).root("own")
      $0.webhooks = .known([try Healthy.webhooks(Healthy.subject, bundle: own.pem)])
      $0.probes[Self.service] = .chain([own.certificate])
    },
    Case(.failure, .webhooks, "namespace.injection.amesh.apisix.apache.org has no caBundle") {
      var all = $0.webhooks.value ?? []
      all[0].webhooks[0].bundle = ""
      $0.webhooks = .known(all)
    },
    Case(.warning, .webhooks, "has none of the mesh's roots") {
      let own = try CertificateMaker(notBefore: Healthy.now).root("own")
      $0.webhooks = .known([try Healthy.webhooks(Healthy.subject, bundle: own.pem)])
    },
    Case(.warning, .webhooks, "lacks 1 of 2 published roots") {
      let next = try CertificateMaker(notBefore: Healthy.now).root("next")
      $0.bundles = $0.bundles.map { $0.mapValues { $0 + next.pem } }
    },
    Case(.failure, .webhooks, "are asked about the same Pods in shop") {
      let all = $0.webhooks.value ?? []
      var twin = all[0]
      twin.name = "twin"
      $0.webhooks = .known(all + [twin])
    },
    Case(.warning, .webhooks, "sidecar-injector.istio.io of Istio is asked about Pods in shop") {
      var webhook = ($0.webhooks.value ?? [])[0].webhooks[0]
      webhook.name = "sidecar-injector.istio.io"
      webhook.namespaceSelector = LabelSelector()
      webhook.objectSelector = LabelSelector()
      let istio = WebhookConfigurationFacts(name: "istio", webhooks: [webhook])
      $0.webhooks = .known(($0.webhooks.value ?? []) + [istio])
    },
  ]

  private static let service = WebhookEndpoint(host: "amesh.amesh-system.svc", port: 443, isService: true)

  private static func changed(
    _ level: Finding.Level,
    _ says: String,
    _ change: @escaping @Sendable (inout JSONValue) -> Void
  ) -> Case {
    Case(level, .webhooks, says) { snapshot in
      let bundle = snapshot.bundles.value?["amesh-system"] ?? ""
      snapshot.webhooks = .known([try Healthy.webhooks(Healthy.subject, bundle: bundle, change: change)])
    }
  }

  static let certificates: [Case] = [
    Case(.failure, .certificates, "and its roots are published") { $0.authority = .known(nil) },
    Case(.failure, .certificates, "no Secret amesh-ca") {
      $0.authority = .known(nil)
      $0.bundles = .known([:])
    },
    Case(.failure, .certificates, "no root signs") { $0.authority = .known(AuthorityFacts()) },
    Case(.failure, .certificates, "ended 2 d ago") { $0.authority = .known(try Self.root(days: 10, age: 12)) },
    Case(.warning, .certificates, "ends in 13 d") { $0.authority = .known(try Self.root(days: 1000, age: 986.5)) },
    Case(.failure, .certificates, "on only") { $0.authority = .known(try Self.root(days: 10, age: -1)) },
    Case(.failure, .bundle, "nothing is published yet") { $0.bundles = .known([:]) },
    Case(.failure, .bundle, "holds no certificates") { $0.bundles = .known(["amesh-system": "nonsense"]) },
    Case(.failure, .bundle, "missing in shop") { $0.bundles = $0.bundles.map { $0.filter { $0.key != "shop" } } },
    Case(.warning, .bundle, "missing in plain") { $0.bundles = $0.bundles.map { $0.filter { $0.key != "plain" } } },
    Case(.warning, .bundle, "in shop is not the control plane's own") {
      $0.bundles = $0.bundles.map { $0.merging(["shop": ($0["shop"] ?? "") + "\n"]) { $1 } }
    },
    Case(.failure, .bundle, "in shop has none of the mesh's roots") {
      let stranger = try CertificateMaker(notBefore: Healthy.now).root("stranger").pem
      $0.bundles = $0.bundles.map { $0.merging(["shop": stranger]) { $1 } }
    },
  ]

  private static func root(days: Double, age: Double) throws -> AuthorityFacts {
    let maker = CertificateMaker(notBefore: Healthy.now.addingTimeInterval(-age * 86_400), days: days)
    return AuthorityFacts(roots: [.init(certificate: try maker.root().certificate, signs: true)])
  }

  static let cluster: [Case] = [
    Case(.warning, .namespaces, "shop has both labels") {
      $0.change("shop") { $0.labels[MeshNames.revisionLabel] = "default" }
    },
    Case(.warning, .namespaces, "is yes, which means nothing") {
      $0.change("shop") { $0.labels[MeshNames.injectionLabel] = "yes" }
    },
    Case(.warning, .namespaces, "kube-system asks for sidecars, and never gets any") {
      $0.change("kube-system") { $0.labels[MeshNames.injectionLabel] = "enabled" }
    },
    Case(.failure, .namespaces, "shop: revision blue is asked for, and no webhook serves it") {
      $0.change("shop") { $0.labels = [MeshNames.revisionLabel: "blue"] }
    },
    Case(.failure, .namespaces, "plain/green: revision green is asked for") {
      $0.pods = .known([PodFacts("plain", "green", PodSidecar(revision: "green"))])
    },
    Case(.failure, .namespaces, "shop: Istio is asked for too") {
      $0.change("shop") { $0.labels["istio-injection"] = "enabled" }
    },
    Case(.failure, .namespaces, "shop: Linkerd is asked for too") {
      $0.change("shop") { $0.annotations["linkerd.io/inject"] = "enabled" }
    },
    Case(.failure, .pods, "shop/web have a sidecar of Istio too") {
      $0.pods = .known([
        PodFacts("shop", "web", PodSidecar(hasProxy: true, mark: Healthy.mark), otherMesh: "Istio")
      ])
    },
    Case(.failure, .pods, "1 Pod should have a sidecar and lack it: shop/old") {
      $0.pods = .known([PodFacts("shop", "old", PodSidecar())])
    },
    Case(.failure, .pods, "their certificates have no DNS names") {
      let sidecar = PodSidecar(hasProxy: true, mark: Healthy.mark)
      $0.pods = .known([PodFacts("shop", "web", sidecar, mutualTLS: .strict)])
      $0.hasNames = .known(false)
    },
    stale("another version", SidecarMark(version: "0.0.9", revision: "default", configHash: "h1")),
    stale("an older configuration", SidecarMark(version: "0.1.0", revision: "default", configHash: "h0")),
    stale("another revision", SidecarMark(version: "0.1.0", revision: "blue", configHash: "h1")),
    stale("nothing tells the origin of", nil),
  ]

  private static func stale(_ says: String, _ mark: SidecarMark?) -> Case {
    Case(.warning, .pods, says) { $0.pods = .known([PodFacts("shop", "web", PodSidecar(hasProxy: true, mark: mark))]) }
  }
}
