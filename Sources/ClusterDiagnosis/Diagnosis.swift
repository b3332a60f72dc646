/// What is right and wrong with a mesh in a cluster, and what to do about it. Pure: it knows what the snapshot says.
package struct Diagnosis: Sendable, Hashable {
  package var findings: [Finding]

  package init(findings: [Finding]) { self.findings = findings }

  package static func of(_ snapshot: ClusterSnapshot) async -> Diagnosis {
    guard case .known = snapshot.server else { return Diagnosis(findings: ServerCheck.findings(snapshot)) }
    var findings = ServerCheck.findings(snapshot) + ControlPlaneCheck.findings(snapshot)
    findings += WebhookCheck.findings(snapshot)
    findings += await CABundleCheck.findings(snapshot)
    findings += CertificateCheck.findings(snapshot) + BundleCheck.findings(snapshot) + LeaderCheck.findings(snapshot)
    findings += PermissionCheck.findings(snapshot) + NamespaceCheck.findings(snapshot)
    findings += OverlapCheck.findings(snapshot) + PodCheck.findings(snapshot)
    findings += MutualTLSCheck.findings(snapshot)
    return Diagnosis(findings: findings)
  }

  package func count(_ level: Finding.Level) -> Int { findings.count { $0.level == level } }

  package var worst: Finding.Level { findings.map(\.level).max() ?? .ok }
}
