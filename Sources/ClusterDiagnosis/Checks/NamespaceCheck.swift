import Injection

/// Do the labels of namespaces say what someone may have meant?
enum NamespaceCheck {
  private static let injection = MeshNames.injectionLabel
  private static let revision = MeshNames.revisionLabel

  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    let namespaces: [NamespaceFacts]
    switch snapshot.namespaces {
    case .unknown(let problem): return [.unknown(.namespaces, "the namespaces", problem)]
    case .known(let known): namespaces = known.filter { !$0.isTerminating }
    }
    let home = snapshot.subject.namespace
    var findings = namespaces.sorted { $0.name < $1.name }.flatMap { labels($0, home: home) }
    if let configurations = snapshot.webhooks.value {
      let served = Set(configurations.compactMap(\.revision))
      findings += unserved(namespaces, snapshot.pods.value ?? [], served)
    }
    let meshed = namespaces.filter { $0.wantedRevision == snapshot.subject.revision }
    if findings.isEmpty {
      let count = Names.count(meshed.count, "namespace")
      findings.append(.ok(.namespaces, "\(count) with sidecars of revision \(snapshot.subject.revision)"))
    }
    return findings
  }

  private static func labels(_ namespace: NamespaceFacts, home: String) -> [Finding] {
    let name = namespace.name
    guard namespace.injection != nil || namespace.revision != nil else { return [] }
    if namespace.isOfSystem || name == home {
      guard namespace.wantedRevision != nil || namespace.injection == "enabled" else { return [] }
      return [
        .warning(
          .namespaces,
          "\(name) asks for sidecars, and never gets any",
          cure: "kubectl label namespace \(name) \(injection)- \(revision)-"
        )
      ]
    }
    if let value = namespace.injection, value != "enabled", value != "disabled" {
      return [
        .warning(
          .namespaces,
          "\(name): label \(injection) is \(value), which means nothing",
          cure: "kubectl label --overwrite namespace \(name) \(injection)=enabled, or =disabled"
        )
      ]
    }
    if let value = namespace.injection, let wanted = namespace.revision {
      let winner = value == "disabled" ? "no Pod gets a sidecar" : "revision \(wanted) wins"
      return [
        .warning(
          .namespaces,
          "\(name) has both labels, \(injection) and \(revision): \(winner)",
          cure: "kubectl label namespace \(name) \(injection)-, or \(revision)-"
        )
      ]
    }
    return []
  }

  /// Revisions that are asked for and that no webhook serves.
  private static func unserved(
    _ namespaces: [NamespaceFacts],
    _ pods: [PodFacts],
    _ served: Set<String>
  ) -> [Finding] {
    var askers: [String: Set<String>] = [:]
    for namespace in namespaces {
      if let wanted = namespace.wantedRevision, !served.contains(wanted) {
        askers[wanted, default: []].insert(namespace.name)
      }
    }
    for pod in pods {
      if let wanted = pod.sidecar.revision, !served.contains(wanted), pod.sidecar.inject != false {
        askers[wanted, default: []].insert("\(pod.namespace)/\(pod.name)")
      }
    }
    return askers.sorted { $0.key < $1.key }.map { wanted, names in
      .failure(
        .namespaces,
        "\(Names.list(names)): revision \(wanted) is asked for, and no webhook serves it",
        cure: "install that revision, or name one of \(served.isEmpty ? "(none)" : Names.list(served)) by \(revision)"
      )
    }
  }
}
