import CertificateAuthority

/// How long do the authority's certificates live?
enum CertificateCheck {
  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    switch snapshot.authority {
    case .known(let authority?):
      let roots = authority.roots.map { root in
        let role = root.signs ? "which signs" : "which does not sign now"
        return Lifetime.finding(
          .certificates,
          "root \(AuthorityID(root.certificate)), \(role),",
          root.certificate,
          snapshot.now
        )
      }
      let pods = snapshot.controlPlanePods.value?.map { "\($0.name)-" }
      let intermediates = authority.intermediates.map { intermediate in
        let what = "the issuing certificate of \(intermediate.replica)"
        // A replica that is gone leaves its last one behind.
        if let pods, !pods.isEmpty, !pods.contains(where: intermediate.replica.hasPrefix) {
          return Finding.ok(.certificates, "\(what), whose Pod is gone")
        }
        return intermediate.notAfter > snapshot.now
          ? Lifetime.finding(.certificates, what, ends: intermediate.notAfter, near: 3600, snapshot.now)
          : Finding.ok(.certificates, "\(what) is over")
      }
      guard authority.roots.contains(where: \.signs) else {
        let none = Finding.failure(
          .certificates,
          "no root signs",
          cure: "look at the log of the control plane, and at amesh ca status"
        )
        return [none] + roots + intermediates
      }
      return roots + intermediates
    case .known(nil):
      if let pem = snapshot.bundles.value?[snapshot.subject.namespace], !pem.isEmpty {
        return [
          .failure(
            .certificates,
            "the Secret amesh-ca in \(snapshot.subject.namespace) is gone or holds no authority, and its roots are published",
            cure: "restore it from a backup; for a new authority scale the control plane to 0, delete the ConfigMap "
              + "amesh-root in \(snapshot.subject.namespace), and scale it up again"
          )
        ]
      }
      return [
        .failure(
          .certificates,
          "there is no Secret amesh-ca in \(snapshot.subject.namespace), or it holds no authority",
          cure: "it is made when amesh serve starts first: look at the control plane's log"
        )
      ]
    case .unknown(let problem):
      return published(snapshot, problem)
    }
  }

  /// Who may not read the Secret sees the published roots.
  private static func published(_ snapshot: ClusterSnapshot, _ problem: String) -> [Finding] {
    let pem = snapshot.bundles.value?[snapshot.subject.namespace]
    guard let pem, let roots = try? MeshCertificate.readPEM(Array(pem.utf8)), !roots.isEmpty else {
      return [.unknown(.certificates, "the authority's certificates", problem)]
    }
    return roots.map { Lifetime.finding(.certificates, "published root \(AuthorityID($0))", $0, snapshot.now) }
      + [.ok(.certificates, "which of them signs was not looked at: \(problem)")]
  }
}
