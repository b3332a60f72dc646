import Injection

/// Does something else change the Pods that are ours?
enum OverlapCheck {
  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    guard let namespaces = snapshot.namespaces.value, let configurations = snapshot.webhooks.value else { return [] }
    let ours = configurations.filter { $0.revision != nil }
    let meshed = namespaces.filter { namespace in
      !namespace.isTerminating && namespace.wantedRevision != nil
    }
    return twice(ours, namespaces) + meshes(meshed, snapshot.pods.value ?? [])
      + others(configurations.filter { $0.revision == nil }, meshed)
  }

  /// Exactly one of our webhooks may be asked about a Pod, of all revisions.
  private static func twice(_ ours: [WebhookConfigurationFacts], _ namespaces: [NamespaceFacts]) -> [Finding] {
    let revisions: [String?] = [nil] + Set(ours.compactMap(\.revision)).sorted()
    let pods = ["true", "false", nil].flatMap { inject in
      revisions.map { revision in
        var labels: [String: String] = [:]
        labels[MeshNames.injectLabel] = inject
        labels[MeshNames.revisionLabel] = revision
        return labels
      }
    }
    let webhooks = ours.flatMap(\.webhooks)
    var pairs: [String: Set<String>] = [:]
    for namespace in namespaces {
      for pod in pods {
        let asked = webhooks.filter { $0.matches(namespace: namespace.labels, pod: pod) }.map(\.name)
        if asked.count > 1 { pairs[asked.sorted().joined(separator: " and "), default: []].insert(namespace.name) }
      }
    }
    return pairs.sorted { $0.key < $1.key }.map { pair, names in
      .failure(
        .webhooks,
        "\(pair) are asked about the same Pods in \(Names.list(names))",
        cure: "apply the manifests of both revisions again"
      )
    }
  }

  private static func meshes(_ meshed: [NamespaceFacts], _ pods: [PodFacts]) -> [Finding] {
    var asked: [String: Set<String>] = [:]
    for namespace in meshed {
      for mesh in OtherMesh.ofNamespace(namespace) { asked[mesh, default: []].insert(namespace.name) }
    }
    var findings = asked.sorted { $0.key < $1.key }.map { mesh, names in
      Finding.failure(
        .namespaces,
        "\(Names.list(names)): \(mesh) is asked for too, and two meshes redirect the same traffic",
        cure: "take the label of one of them away"
      )
    }
    let both = pods.filter { $0.sidecar.hasProxy && $0.otherMesh != nil }
    for (mesh, pods) in Dictionary(grouping: both, by: { $0.otherMesh ?? "" }).sorted(by: { $0.key < $1.key }) {
      findings.append(
        .failure(
          .pods,
          "\(Names.list(pods.map { "\($0.namespace)/\($0.name)" })) have a sidecar of \(mesh) too",
          cure: "take the label of one of them away, and create the Pods anew"
        )
      )
    }
    return findings
  }

  /// Other webhooks that are asked about an ordinary Pod of a meshed namespace.
  private static func others(_ others: [WebhookConfigurationFacts], _ meshed: [NamespaceFacts]) -> [Finding] {
    var harmless: Set<String> = []
    var findings: [Finding] = []
    for configuration in others {
      for webhook in configuration.webhooks {
        let names = meshed.filter { webhook.matches(namespace: $0.labels, pod: [:]) }.map(\.name)
        guard !names.isEmpty else { continue }
        // Linkerd's is asked about every Pod and goes by annotations, which are looked at above.
        guard let mesh = OtherMesh.ofWebhook(webhook.name) ?? OtherMesh.ofWebhook(configuration.name),
          mesh != "Linkerd"
        else {
          harmless.insert(webhook.name)
          continue
        }
        findings.append(
          .warning(
            .webhooks,
            "\(webhook.name) of \(mesh) is asked about Pods in \(Names.list(names)) as well",
            cure: "see that \(mesh) leaves these namespaces alone"
          )
        )
      }
    }
    if !harmless.isEmpty {
      findings.append(
        .ok(.webhooks, "others change Pods there too: \(Names.list(harmless)); a second pass mends what they break")
      )
    }
    return findings
  }
}
