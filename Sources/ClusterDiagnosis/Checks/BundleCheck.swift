import CertificateAuthority
import KubernetesObjects

/// Has every namespace the trust bundle, and the same one?
enum BundleCheck {
  private static let name = "ConfigMap amesh-root"
  private static let log = "look at the log of the control plane's leader, which writes it"

  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    guard case .known(let bundles) = snapshot.bundles else {
      if case .unknown(let problem) = snapshot.bundles { return [.unknown(.bundle, name, problem)] }
      return []
    }
    let home = snapshot.subject.namespace
    guard let right = bundles[home] else {
      return [.failure(.bundle, "\(name) is not in \(home): nothing is published yet", cure: log)]
    }
    guard let roots = try? MeshCertificate.readPEM(Array(right.utf8)), !roots.isEmpty else {
      return [.failure(.bundle, "\(name) in \(home) holds no certificates", cure: log)]
    }
    guard let namespaces = snapshot.namespaces.value else { return [] }
    return spread(bundles, right, Set(roots), namespaces.filter { !$0.isTerminating && $0.name != home })
  }

  private static func spread(
    _ bundles: [String: String],
    _ right: String,
    _ roots: Set<MeshCertificate>,
    _ namespaces: [NamespaceFacts]
  ) -> [Finding] {
    var findings: [Finding] = []
    let lacking = namespaces.filter { bundles[$0.name] == nil }
    let meshed = lacking.filter { $0.wantedRevision != nil }.map(\.name)
    if !meshed.isEmpty {
      findings.append(
        .failure(.bundle, "\(name) is missing in \(Names.list(meshed)), where Pods can't start without it", cure: log)
      )
    }
    let others = lacking.filter { $0.wantedRevision == nil }.map(\.name)
    if !others.isEmpty {
      findings.append(
        .warning(
          .bundle,
          "\(name) is missing in \(Names.list(others)), where Pods that ask for a sidecar themselves can't start",
          cure: "fine where you publish it to namespaces with injection only; else \(log)"
        )
      )
    }
    let differing = namespaces.filter { bundles[$0.name].map { $0 != right } ?? false }.map(\.name)
    let wrong = differing.filter { namespace in
      let held = bundles[namespace].flatMap { try? MeshCertificate.readPEM(Array($0.utf8)) } ?? []
      return roots.isDisjoint(with: held)
    }
    if !wrong.isEmpty {
      findings.append(
        .failure(.bundle, "\(name) in \(Names.list(wrong)) has none of the mesh's roots", cure: log)
      )
    }
    let older = differing.filter { !wrong.contains($0) }
    if !older.isEmpty {
      findings.append(
        .warning(
          .bundle,
          "\(name) in \(Names.list(older)) is not the control plane's own",
          cure: "check again in a minute, it may be on its way; else \(log)"
        )
      )
    }
    if findings.isEmpty {
      let count = Names.count(namespaces.count + 1, "namespace")
      findings.append(.ok(.bundle, "the same \(Names.count(roots.count, "root")) in \(count)"))
    }
    return findings
  }
}
