import Injection
import KubernetesObjects
import ManifestInjection
import Testing

@Suite struct ManifestInjectorTests {
  let injector = ManifestInjector(
    injector: Injector(settings: MeshSettings()),
    cluster: ClusterCapabilities(minorVersion: 33)
  )

  static let podSpec: JSONValue = ["containers": [["name": "web", "image": "nginx"]]]
  static let template: JSONValue = ["metadata": ["labels": ["app": "web"]], "spec": podSpec]

  static func object(_ kind: String, _ members: JSONValue) -> JSONValue {
    let head: [(String, JSONValue)] = [
      ("apiVersion", "example/v1"), ("kind", .string(kind)), ("metadata", ["name": "it", "unknown": [nil, "1e3"]]),
    ]
    return .object(JSONObject(head + (members.object.map { Array($0) } ?? [])))
  }

  static let workloads: [(JSONValue, [String])] = [
    (object("Pod", ["spec": podSpec]), []),
    (object("Deployment", ["spec": ["replicas": 2, "template": template]]), ["spec", "template"]),
    (object("DaemonSet", ["spec": ["template": template]]), ["spec", "template"]),
    (object("StatefulSet", ["spec": ["template": template, "serviceName": "x"]]), ["spec", "template"]),
    (object("ReplicaSet", ["spec": ["template": template]]), ["spec", "template"]),
    (object("ReplicationController", ["spec": ["template": template]]), ["spec", "template"]),
    (object("Job", ["spec": ["template": template]]), ["spec", "template"]),
    (
      object("CronJob", ["spec": ["jobTemplate": ["spec": ["template": template]]]]),
      ["spec", "jobTemplate", "spec", "template"]
    ),
    (object("PodTemplate", ["template": template]), ["template"]),
    (object("Rollout", ["spec": ["template": template, "strategy": [:]]]), ["spec", "template"]),
  ]

  @Test(arguments: workloads) func `every kind with a Pod template is injected there, and given back`(
    workload: JSONValue,
    path: [String]
  ) throws {
    let (objects, reports) = injector.inject([workload])
    let report = try #require(reports.first)
    #expect(reports.count == 1)
    #expect(report.outcome.reason == .namespaceEnabled)
    #expect(report.workload.path == path)
    let injected = try #require(objects.first)
    let pod = path.reduce(Optional(injected)) { (parent: JSONValue?, key: String) in parent?[key] }
    #expect(pod?["spec"]?["initContainers"]?.array?.count == 2)
    if !path.isEmpty { #expect(injected["metadata"] == workload["metadata"]) }
    #expect(try report.patch.apply(to: workload) == injected)
    #expect(injector.inject(objects).objects == objects)
    let back = ManifestUninjector.uninject(objects)
    #expect(back.objects == [workload])
    #expect(back.reports.map(\.wasInjected) == [true])
  }

  @Test func `objects without Pods pass through, and all keep their order`() {
    let others: [JSONValue] = [
      Self.object("ConfigMap", ["data": ["a": "b"]]), Self.object("Deployment", ["spec": ["template": "text"]]),
      "text", 5, nil, [],
    ]
    let (objects, reports) = injector.inject(others)
    #expect(objects == others)
    #expect(reports.isEmpty)
  }

  @Test func `Pods in Lists are injected`() {
    let list = Self.object("List", ["items": .array(Self.workloads.map(\.0))])
    let podList = Self.object("PodList", ["items": [Self.workloads[0].0]])
    let (objects, reports) = injector.inject([list, podList])
    #expect(reports.count == Self.workloads.count + 1)
    #expect(reports.allSatisfy { $0.outcome.verdict == .injected })
    #expect(ManifestUninjector.uninject(objects).objects == [list, podList])
  }

  @Test func `a namespace that the manifest describes counts with its labels and annotations`() {
    let namespace: JSONValue = [
      "kind": "Namespace",
      "metadata": [
        "name": "default", "labels": [MeshNames.injectionLabel: "disabled"],
        "annotations": [PodAnnotation.logLevel.name: "debug"],
      ],
    ]
    let pod = Self.workloads[0].0
    #expect(injector.inject([pod, namespace]).reports.map(\.outcome.reason) == [.namespaceDisabled])
    var asking = pod
    asking["metadata"] = ["name": "web", "labels": [MeshNames.injectLabel: "true"]]
    let report = injector.inject([namespace, asking]).reports.first
    #expect(report?.outcome.reason == .podEnabled)
    let level = report?.explanation.settings.first { $0.name == "log-level" }
    #expect(level?.value == "debug")
    #expect(level?.source == .namespace)
  }

  @Test func `labels given for unknown namespaces decide`() {
    var injector = injector
    injector.namespaceLabels = [:]
    #expect(injector.inject([Self.workloads[1].0]).reports.map(\.outcome.reason) == [.notEnabled])
    injector.namespaceLabels = [MeshNames.revisionLabel: "default"]
    #expect(injector.inject([Self.workloads[1].0]).reports.map(\.outcome.reason) == [.revision])
  }

  @Test func `a workload's name stands in for the owner that its Pods will have`() {
    let workload = Self.object("Deployment", ["spec": ["template": ["spec": Self.podSpec]]])
    let labels = injector.inject([workload]).objects.first?["spec"]?["template"]?["metadata"]?["labels"]
    #expect(labels?[MeshNames.canonicalNameLabel] == "it")
  }

  @Test func `a Job is warned of a classic sidecar, and nothing else is`() {
    var classic = injector
    classic.cluster = ClusterCapabilities(minorVersion: 27)
    for (workload, _) in Self.workloads {
      let isJob = workload["kind"] == "Job" || workload["kind"] == "CronJob"
      #expect(classic.inject([workload]).reports.map { $0.outcome.warnings.isEmpty } == [!isJob])
      #expect(injector.inject([workload]).reports.map(\.outcome.warnings) == [[]])
    }
  }

  @Test(arguments: ["serving.knative.dev/v1", "serving.knative.dev/v1beta1"])
  func `a Knative Service and its kin pass through`(version: String) {
    for kind in ["Service", "Configuration", "Revision"] {
      let template: JSONValue = kind == "Revision" ? Self.podSpec : ["template": Self.template]
      var service = Self.object(kind, ["spec": template])
      service["apiVersion"] = .string(version)
      let (objects, reports) = injector.inject([service, Self.workloads[1].0])
      #expect(objects.first == service)
      #expect(reports.map(\.workload.kind) == ["Deployment"])
      #expect(ManifestUninjector.uninject([service]).objects == [service])
    }
    // Others of Knative's are workloads like any.
    var source = Self.workloads[1].0
    source["apiVersion"] = "serving.knative.devel/v1"
    #expect(injector.inject([source]).reports.count == 1)
  }

  static let unreadable: [JSONValue] = [
    ["containers": [5]], ["containers": [["image": "nginx"]]],
    ["containers": [["name": "web", "image": "nginx"]], "volumes": "none"],
    ["containers": [["name": "web", "deep": (0..<200).reduce("end") { inner, _ in ["in": inner] }]]],
  ]

  @Test(arguments: unreadable) func `a Pod that can't be read is denied and stays as it is`(spec: JSONValue) throws {
    for workload in [Self.object("Pod", ["spec": spec]), Self.object("Job", ["spec": ["template": ["spec": spec]]])] {
      let (objects, reports) = injector.inject([workload, Self.workloads[0].0])
      #expect(reports.map(\.outcome.reason) == [.malformedPod, .namespaceEnabled])
      #expect(reports.first?.outcome.verdict == .denied)
      #expect(reports.first?.patch == JSONPatch())
      #expect(objects.first == workload)
      #expect(objects.last != Self.workloads[0].0)
    }
  }

  @Test(arguments: [nil, "text", [:], ["containers": nil], ["containers": "web"]] as [JSONValue])
  func `a Pod is told about, whatever it is made of`(spec: JSONValue) throws {
    let pod: JSONValue = ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "web"], "spec": spec]
    let bytes = try JSONDocument(parsing: pod.serialized())
    let context = InjectionContext(namespace: NamespaceMetadata(name: "default"), caller: .namespace)
    let asked = injector.injector.inject(pod: bytes.root, context: context)
    #expect(injector.inject([pod]).reports.map(\.outcome.reason) == [asked.reason])
  }

  @Test func `a denied Pod stays as it is and the others go in`() {
    let denied = Self.object(
      "Pod",
      ["spec": ["securityContext": ["runAsUser": 1337], "containers": [["name": "web", "image": "nginx"]]]]
    )
    let (objects, reports) = injector.inject([denied, Self.workloads[0].0])
    #expect(reports.map(\.outcome.reason) == [.proxyUser, .namespaceEnabled])
    #expect(objects.first == denied)
    #expect(objects.last != Self.workloads[0].0)
  }
}
