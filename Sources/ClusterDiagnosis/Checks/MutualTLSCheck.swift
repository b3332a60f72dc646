import Injection

/// Do the mesh's Pods speak mutual TLS with each other?
enum MutualTLSCheck {
  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    // What is not known of Pods is told by the check of their sidecars.
    let pods = (snapshot.pods.value ?? []).compactMap { pod in pod.mutualTLS.map { (pod, $0) } }
    guard !pods.isEmpty else { return [] }
    let counts = Dictionary(grouping: pods) { $0.1 }.mapValues(\.count)
    let (strict, without) = (counts[.strict] ?? 0, counts[.disabled] ?? 0)
    let with = Names.count(pods.count - without, "Pod")
    var text = "\(with) with mutual TLS on \(MeshPorts.inboundMTLS), \(strict) of them without plaintext"
    if without > 0 {
      let names = pods.filter { $0.1 == .disabled }.map { "\($0.0.namespace)/\($0.0.name)" }
      text += "; it is disabled in \(Names.count(without, "Pod")): \(Names.list(names))"
    }
    var findings: [Finding] = [.ok(.pods, text)]
    if pods.count > without, snapshot.hasNames.value == false {
      findings.append(
        .failure(
          .pods,
          """
          their certificates have no DNS names, by which sidecars verify: nothing goes out in mutual TLS, and nothing at \
          all from strict Pods to others of the mesh
          """,
          cure: "set identity.leaf.dnsNames: true in the control plane's configuration"
        )
      )
    }
    return findings
  }
}
