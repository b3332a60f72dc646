import AmeshTesting
import KubernetesObjects
import Testing

@testable import Injection

struct SidecarVerdictTests {
  private static let expected = SidecarExpectation(
    revision: "default",
    controlPlaneNamespace: "amesh-system",
    version: "1.0.0",
    configHash: "h1"
  )
  private static let mark = SidecarMark(version: "1.0.0", revision: "default", configHash: "h1")
  private static let shop = NamespaceMetadata(name: "shop", labels: [MeshNames.injectionLabel: "enabled"])

  private static func pod(_ text: String) throws -> JSONView { try JSONDocument(parsing: Array(text.utf8)).root }

  @Test func `A Pod that the injector would inject now is missing its sidecar, and no other`() throws {
    let injector = Injector(settings: MeshSettings(), version: "1.0.0", configurationHash: "h1")
    var seen: Set<InjectionReason> = []
    let values: [String?] = [nil, "true", "false", "yes"]
    let revisions: [String?] = [nil, "default", "blue"]
    for inject in values {
      for podRevision in revisions {
        for injection in [nil, "enabled", "disabled", "maybe"] as [String?] {
          for revision in revisions {
            for name in ["shop", "kube-system", "amesh-system"] {
              var labels: JSONValue = .object([:])
              labels[MeshNames.injectLabel] = inject.map { .string($0) }
              labels[MeshNames.revisionLabel] = podRevision.map { .string($0) }
              let value: JSONValue = [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "web", "labels": labels],
                "spec": ["containers": [["name": "app", "image": "app"]]],
              ]
              let pod = try JSONDocument(parsing: value.serialized()).root
              var namespace = NamespaceMetadata(name: name, labels: [:])
              namespace.labels?[MeshNames.injectionLabel] = injection
              namespace.labels?[MeshNames.revisionLabel] = revision
              let outcome = injector.inject(pod: pod, context: InjectionContext(namespace: namespace))
              seen.insert(outcome.reason)
              let verdict = try #require(PodSidecar(pod)).verdict(in: namespace, Self.expected)
              #expect(verdict == (outcome.verdict == .injected ? .missing : .notWanted), "\(value) in \(namespace)")
            }
          }
        }
      }
    }
    #expect(seen.count == 9, "every row that labels and names decide")
  }

  @Test func `What the injector makes is current, until something changes`() throws {
    let injector = Injector(settings: MeshSettings(), version: "1.0.0", configurationHash: "h1")
    let plain = #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"app"}]}}"#
    let pod = try Self.pod(plain)
    let outcome = injector.inject(pod: pod, context: InjectionContext(namespace: Self.shop))
    let patch = try JSONPatch(JSONValue(parsing: try #require(outcome.patch)))
    let injected = try JSONDocument(parsing: try patch.apply(to: pod.value).serialized()).root
    let sidecar = try #require(PodSidecar(injected))
    #expect(sidecar == PodSidecar(hasProxy: true, mark: Self.mark))
    #expect(sidecar.verdict(in: Self.shop, Self.expected) == .current)
    for (change, reason) in [
      (\SidecarExpectation.version, SidecarVerdict.StaleReason.version), (\.configHash, .configuration),
    ] as [(WritableKeyPath<SidecarExpectation, String?>, SidecarVerdict.StaleReason)] {
      var expected = Self.expected
      expected[keyPath: change] = "other"
      #expect(sidecar.verdict(in: Self.shop, expected) == .stale(reason))
      expected[keyPath: change] = nil
      #expect(sidecar.verdict(in: Self.shop, expected) == .current, "what is not known is not held against a Pod")
    }
  }

  @Test(arguments: [
    (PodSidecar(hasProxy: true), SidecarVerdict.stale(.unmarked)),
    (PodSidecar(hasProxy: true, mark: SidecarMark(version: "1", revision: "blue", configHash: "")), .stale(.revision)),
    (PodSidecar(mark: mark), .missing), (PodSidecar(isExempt: true), .notWanted),
    (PodSidecar(inject: false), .notWanted),
    (PodSidecar(revision: "blue"), .notWanted),
  ])
  func `A verdict for each kind of Pod`(_ sidecar: PodSidecar, _ verdict: SidecarVerdict) {
    #expect(sidecar.verdict(in: Self.shop, Self.expected) == verdict)
  }

  @Test(arguments: [
    #""spec":{"hostNetwork":true}"#, #""spec":{"os":{"name":"windows"}}"#,
    #""metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}}"#, #""metadata":{"labels":{"app":"legacy"}}"#,
  ])
  func `Pods that nothing injects are exempt`(_ part: String) throws {
    let legacy = LabelSelector(matchLabels: ["app": "legacy"])
    #expect(PodSidecar(try Self.pod("{\(part)}"), neverInject: [legacy])?.isExempt == true)
  }

  @Test(arguments: [
    #""metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}"#, #""status":{"phase":"Succeeded"}"#,
    #""status":{"phase":"Failed"}"#,
  ])
  func `Pods that are over are not looked at`(_ part: String) throws {
    #expect(PodSidecar(try Self.pod("{\(part)}")) == nil)
  }

  @Test func `A status that anyone may write is kept at a small size`() throws {
    let long = String(repeating: "x", count: 100_000)
    let pod = try Self.pod(
      #"{"metadata":{"annotations":{"\#(MeshNames.statusAnnotation)":"{\"version\":\"\#(long)\"}"}}}"#
    )
    #expect(PodSidecar(pod)?.mark?.version.count == 64)
    let odd = try Self.pod(#"{"metadata":{"annotations":{"\#(MeshNames.statusAnnotation)":"nonsense"}},"spec":7}"#)
    #expect(PodSidecar(odd) == PodSidecar())
  }

  @Test func `A census counts what it is told, whatever the order of Pods`() {
    var random = SeededRandom(seed: 7)
    let kinds = [
      PodSidecar(), PodSidecar(hasProxy: true, mark: Self.mark), PodSidecar(hasProxy: true), PodSidecar(inject: false),
    ]
    var pods: [Int: (namespace: String, sidecar: PodSidecar)] = [:]
    var census = SidecarCensus()
    for _ in 0..<2_000 {
      let number = Int.random(in: 0..<100, using: &random)
      let after = Bool.random(using: &random) ? kinds.randomElement(using: &random) : nil
      let namespace = number.isMultiple(of: 2) ? "shop" : "plain"
      census.take(SidecarChange(namespace: namespace, before: pods[number]?.sidecar, after: after))
      pods[number] = after.map { (namespace, $0) }
    }
    let tally = census.tally(Self.expected) { $0 == "shop" ? Self.shop : nil }
    let verdicts = pods.values.filter { $0.namespace == "shop" }.map {
      $0.sidecar.verdict(in: Self.shop, Self.expected)
    }
    #expect(tally.missing == verdicts.count { $0 == .missing })
    #expect(tally.current == verdicts.count { $0 == .current })
    #expect(tally.stale == [.unmarked: verdicts.count { $0 == .stale(.unmarked) }])
    #expect(tally.missing > 0 && tally.current > 0)
    for (_, pod) in pods { census.take(SidecarChange(namespace: pod.namespace, before: pod.sidecar, after: nil)) }
    #expect(census == SidecarCensus(), "nothing stays of Pods that are gone")
  }
}
