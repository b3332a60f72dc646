import Injection
import KubernetesObjects
import Testing

/// Everything that the decision looks at, in every combination, against the table as a person would read it.
@Suite struct TruthTableTests {
  struct Row: Sendable {
    var reason: InjectionReason
    var applies: @Sendable (Situation) -> Bool
  }

  /// The first row that applies is the one.
  static let rows: [Row] = [
    Row(reason: .systemNamespace) { $0.namespace == "kube-system" },
    Row(reason: .controlPlaneNamespace) { $0.namespace == "amesh-system" },
    Row(reason: .podDisabled) { $0.podInject == "false" },
    Row(reason: .namespaceDisabled) { $0.podInject != "true" && $0.knownInjection == "disabled" },
    Row(reason: .notEnabled) {
      $0.podInject != "true" && $0.knownInjection != "enabled" && $0.knownRevision == nil && $0.podRevision == nil
    },
    Row(reason: .otherRevision) { ($0.podRevision ?? $0.knownRevision ?? "default") != $0.ours },
    Row(reason: .hostNetwork) { $0.hostNetwork },
    Row(reason: .windows) { $0.windows },
    Row(reason: .mirrorPod) { $0.mirror },
    Row(reason: .neverInject) { $0.never },
    Row(reason: .podEnabled) { $0.podInject == "true" },
    Row(reason: .revision) { $0.knownRevision != nil || $0.podRevision != nil },
    Row(reason: .namespaceEnabled) { _ in true },
  ]

  struct Situation: Sendable, CustomStringConvertible {
    var ours: String
    var namespace: String
    /// False: the namespace's labels are not known, only which webhook was called.
    var known: Bool
    var injection: String?
    var revision: String?
    var podInject: String?
    var podRevision: String?
    var hostNetwork = false
    var windows = false
    var mirror = false
    var never = false
    var caller = WebhookSelector.labels

    /// What is known of the namespace's labels, by themselves or by the webhook's selector.
    var knownInjection: String? { known ? injection : caller == .namespace ? "enabled" : nil }
    var knownRevision: String? {
      if known { return revision }
      return caller == .revision || (caller == .namespace && ours != "default") ? ours : nil
    }

    var description: String {
      """
      revision \(ours), namespace \(namespace) (\(known ? "injection=\(injection ?? "-") rev=\(revision ?? "-")" : "?")), \
      Pod inject=\(podInject ?? "-") rev=\(podRevision ?? "-"), hostNetwork \(hostNetwork), windows \(windows), \
      mirror \(mirror), never \(never), caller \(caller)
      """
    }
  }

  @Test(arguments: ["default", "canary"], ["shop", "kube-system", "amesh-system"])
  func `every combination leads to the row of the table`(ours: String, namespace: String) throws {
    var settings = MeshSettings()
    settings.revision = ours
    settings.neverInject = [LabelSelector(matchLabels: ["never": "yes"])]
    let injector = Injector(settings: settings)
    var count = 0
    var seen: Set<InjectionReason> = []
    for situation in Self.situations(ours: ours, namespace: namespace) {
      count += 1
      let expected = Self.rows.first { $0.applies(situation) }?.reason
      let actual = try injector.inject(pod: Self.pod(situation).root, context: Self.context(situation)).reason
      seen.insert(actual)
      if actual != expected { Issue.record("\(situation): \(actual), not \(String(describing: expected))") }
    }
    #expect(count == 16 * 3 * 4 * 16)
    // Another revision than the default is asked for by name only, so no namespace is just enabled for it.
    let reachable = Self.rows.count - (ours == "default" ? 2 : 3)
    #expect(seen.count == (namespace == "shop" ? reachable : 1))
  }

  @Test func `the README's table has the rows in the order in which they decide`() {
    let shown = InjectionReason.allCases.filter { $0.verdict != .denied }
    #expect(shown == Self.rows.map(\.reason))
  }

  @Test func `the table has a row for every verdict but denials and foreign requests`() {
    let decided = Set(InjectionReason.allCases.filter { $0.verdict != .denied })
    #expect(Set(Self.rows.map(\.reason)) == decided)
  }

  static func situations(ours: String, namespace: String) -> [Situation] {
    var namespaces: [Situation] = []
    for injection in [nil, "enabled", "disabled", "junk"] {
      for revision in [nil, ours, "stable"] {
        namespaces.append(
          Situation(ours: ours, namespace: namespace, known: true, injection: injection, revision: revision)
        )
      }
    }
    for caller in WebhookSelector.allCases {
      namespaces.append(Situation(ours: ours, namespace: namespace, known: false, caller: caller))
    }
    var all: [Situation] = []
    for var situation in namespaces {
      for inject in [nil, "true", "false", "junk"] {
        for revision in [nil, ours, "stable"] {
          for flags in 0..<16 {
            (situation.podInject, situation.podRevision) = (inject, revision)
            situation.hostNetwork = flags & 1 != 0
            situation.windows = flags & 2 != 0
            situation.mirror = flags & 4 != 0
            situation.never = flags & 8 != 0
            // Where labels are known, who calls makes no difference.
            if situation.known { situation.caller = WebhookSelector.allCases[flags % 4] }
            all.append(situation)
          }
        }
      }
    }
    return all
  }

  static func context(_ situation: Situation) -> InjectionContext {
    var labels: [String: String] = [:]
    labels[MeshNames.injectionLabel] = situation.injection
    labels[MeshNames.revisionLabel] = situation.revision
    return InjectionContext(
      namespace: NamespaceMetadata(name: situation.namespace, labels: situation.known ? labels : nil),
      caller: situation.caller
    )
  }

  static func pod(_ situation: Situation) throws -> JSONDocument {
    var labels = JSONObject()
    labels[MeshNames.injectLabel] = situation.podInject.map(JSONValue.string)
    labels[MeshNames.revisionLabel] = situation.podRevision.map(JSONValue.string)
    if situation.never { labels["never"] = "yes" }
    let annotations: JSONValue = situation.mirror ? ["kubernetes.io/config.mirror": "x"] : [:]
    var pod: JSONValue = [
      "metadata": ["name": "web", "labels": .object(labels), "annotations": annotations],
      "spec": ["containers": [["name": "web"]], "hostNetwork": .bool(situation.hostNetwork)],
    ]
    if situation.windows { pod["spec"]?["nodeSelector"] = ["kubernetes.io/os": "windows"] }
    return try JSONDocument(parsing: pod.serialized())
  }
}
