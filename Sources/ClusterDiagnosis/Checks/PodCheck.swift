import Injection

/// Has each Pod the sidecar that it should have?
enum PodCheck {
  private static let renew = "kubectl rollout restart of what they belong to"

  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    let pods: [PodFacts]
    switch snapshot.pods {
    case .unknown(let problem): return [.unknown(.pods, "the Pods", problem)]
    case .known(let known): pods = known
    }
    guard let namespaces = snapshot.namespaces.value else { return [] }
    let expected = SidecarExpectation(
      revision: snapshot.subject.revision,
      controlPlaneNamespace: snapshot.subject.namespace,
      version: snapshot.deployments.value?.first?.version,
      configHash: snapshot.configHash.value
    )
    let known = Dictionary(namespaces.map { ($0.name, $0.metadata) }) { first, _ in first }
    var sorted: [SidecarVerdict: [String]] = [:]
    for pod in pods {
      let namespace = known[pod.namespace] ?? NamespaceMetadata(name: pod.namespace)
      sorted[pod.sidecar.verdict(in: namespace, expected), default: []].append("\(pod.namespace)/\(pod.name)")
    }
    var findings: [Finding] = []
    if let names = sorted[.missing] {
      findings.append(
        .failure(
          .pods,
          "\(Names.count(names.count, "Pod")) should have a sidecar and lack it: \(Names.list(names))",
          cure: renew
        )
      )
    }
    for reason in SidecarVerdict.StaleReason.allCases {
      guard let names = sorted[.stale(reason)] else { continue }
      let count = Names.count(names.count, "Pod")
      findings.append(.warning(.pods, "\(count) \(text(reason)): \(Names.list(names))", cure: renew))
    }
    let current = Names.count(sorted[.current]?.count ?? 0, "Pod")
    findings.append(.ok(.pods, "\(current) with the sidecar of now\(reservation(snapshot, expected))"))
    return findings
  }

  private static func text(_ reason: SidecarVerdict.StaleReason) -> String {
    switch reason {
    case .unmarked: "with a sidecar that nothing tells the origin of"
    case .revision: "with a sidecar of another revision"
    case .version: "with a sidecar of another version"
    case .configuration: "with a sidecar of an older configuration"
    }
  }

  /// What was not compared.
  private static func reservation(_ snapshot: ClusterSnapshot, _ expected: SidecarExpectation) -> String {
    var parts: [String] = []
    if expected.version == nil { parts.append("versions were not compared, the Deployment's image names none") }
    if case .unknown(let problem) = snapshot.configHash { parts.append("configurations were not compared: \(problem)") }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: "; ")))"
  }
}
