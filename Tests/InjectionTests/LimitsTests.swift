import AmeshTesting
import Injection
import KubernetesObjects
import Testing

/// What limits there are outside hold for whatever a user writes.
@Suite struct LimitsTests {
  /// Linux, for a variable's name, value, = and the final 0, and for one argument.
  static let longestString = 131_072

  static func pod(_ containers: [JSONValue], _ metadata: JSONValue = ["name": "web"]) -> JSONValue {
    ["metadata": metadata, "spec": ["containers": .array(containers)]]
  }

  @Test(arguments: ["/live", "/$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$"])
  func `probes that do not fit into the environment stay as they are`(path: String) throws {
    let containers = (0..<3000).map { index -> JSONValue in
      [
        "name": .string("c\(index)"), "livenessProbe": ["httpGet": ["path": .string(path), "port": 8080]],
        "ports": [["name": "http", "containerPort": 8080]],
      ]
    }
    let pod = Self.pod(containers)
    let outcome = try RandomPodTests.inject(pod, 33)
    let result = try outcome.applied(to: pod)
    let proxy = try #require(result["spec"]?["initContainers"]?[1])
    for variable in proxy["env"]?.array ?? [] {
      let size = (variable["name"]?.string?.utf8.count ?? 0) + (variable["value"]?.string?.utf8.count ?? 0) + 2
      #expect(size < Self.longestString)
    }
    #expect(outcome.warnings.contains { $0.contains("no room") && $0.count <= 120 })
    #expect(try RandomPodTests.inject(result, 33).patch == nil)
    #expect(Uninjector.uninject(result) == pod)
  }

  @Test func `a list longer than an argument may be is refused`() throws {
    let list = String(repeating: "1000,", count: 20_000) + "1000"
    for annotation in [PodAnnotation.excludeUIDs, .includeInboundPorts, .excludeOutboundPorts] {
      let pod = Self.pod([["name": "web"]], ["annotations": [annotation.name: .string(list)]])
      let outcome = try RandomPodTests.inject(pod, 33)
      #expect(outcome.reason == .invalidAnnotation)
      #expect(outcome.message.utf8.count < 400)
    }
  }

  @Test(arguments: GoldenTests.names) func `messages and warnings are short`(name: String) throws {
    let golden = try GoldenCase(GoldenTests.folder.input(name))
    let outcome = try golden.inject(golden.pod)
    #expect(outcome.message.utf8.count < 400)
    #expect(outcome.warnings.count <= InjectionOutcome.maximumWarnings)
    for warning in outcome.warnings { #expect(warning.count <= 120) }
  }

  @Test func `warnings are short for the longest names that Kubernetes allows`() throws {
    let long = String(repeating: "n", count: 63)
    var settings = MeshSettings()
    settings.neverInject = Array(repeating: LabelSelector(matchLabels: ["none": ""]), count: 99)
    settings.neverInject.append(LabelSelector(matchLabels: ["never": "yes"]))
    var probe: JSONValue = ["httpGet": ["path": "/", "port": "nowhere"]]
    var seen = 0
    for never in [false, true] {
      for name in [String(long.prefix(60)), "kube-system"] {
        for pod in [long, "true"] {
          let pod: JSONValue = [
            "metadata": [
              "labels": ["never": never ? "yes" : "no", MeshNames.injectLabel: .string(pod)],
              "annotations": [MeshNames.prefix + long: "", MeshNames.injectLabel: "true"],
              "ownerReferences": [["kind": "Job"]],
            ],
            "spec": [
              "containers": [["name": .string(long), "ports": [["containerPort": 15020]], "startupProbe": probe]],
              "initContainers": [["name": .string(long + "i"), "securityContext": ["runAsUser": 1337]]],
            ],
          ]
          let context = InjectionContext(
            namespace: NamespaceMetadata(
              name: name,
              labels: [MeshNames.injectionLabel: long, MeshNames.revisionLabel: "default"],
              annotations: [MeshNames.prefix + long: ""]
            )
          )
          let document = try JSONDocument(parsing: pod.serialized())
          for warning in Injector(settings: settings).inject(pod: document.root, context: context).warnings {
            seen += 1
            #expect(warning.count <= 120, "\(warning)")
          }
        }
      }
      probe["x"] = .null
    }
    #expect(seen > 20)
  }

  @Test func `the status stays small whatever the Pod has`() throws {
    let long = String(repeating: "p", count: 100_000)
    let annotations: JSONValue = [
      "prometheus.io/scrape": "true", "prometheus.io/port": "9090", "prometheus.io/path": .string("/" + long),
      "prometheus.io/scheme": .string(long), MeshNames.statusAnnotation: .string("{\"created\":[\"\(long)\"]}"),
    ]
    let pod = Self.pod((0..<500).map { ["name": .string("c\($0)")] }, ["annotations": annotations])
    let result = try RandomPodTests.inject(pod, 20).applied(to: pod)
    let status = try #require(result["metadata"]?["annotations"]?[MeshNames.statusAnnotation]?.string)
    #expect(status.utf8.count < 1024)
  }

  @Test func `a status that lists the application's own parts takes none of them out`() throws {
    let status =
      #"{"containers":["web"],"initContainers":["web"],"volumes":["web"],"labels":["app"],"#
      + #""annotations":["note"],"restore":{"/spec/containers":null,"/spec/serviceAccountName":"admin"}}"#
    let pod: JSONValue = [
      "metadata": ["labels": ["app": "x"], "annotations": ["note": "x", MeshNames.statusAnnotation: .string(status)]],
      "spec": ["containers": [["name": "web"]], "volumes": [["name": "web"]], "serviceAccountName": "default"],
    ]
    var expected = pod
    expected["metadata"]?["annotations"]?[MeshNames.statusAnnotation] = nil
    #expect(Uninjector.uninject(pod) == expected)
  }
}
