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
      let intermediates = authority.intermediates.map { intermediate in
        // A replica that is gone leaves its last one behind.
        let what = "the issuing certificate of \(intermediate.replica)"
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
