import CertificateAuthority
import KubernetesObjects

/// Does the API server trust what the webhooks show?
enum CABundleCheck {
  private static let log = "look at the log of the control plane, which keeps it right by itself"

  static func findings(_ snapshot: ClusterSnapshot) async -> [Finding] {
    guard let configurations = snapshot.webhooks.value else { return [] }
    let webhooks = configurations.filter { $0.revision == snapshot.subject.revision }.flatMap(\.webhooks)
    guard !webhooks.isEmpty else { return [] }
    var findings: [Finding] = []
    let empty = webhooks.filter { $0.bundle.isEmpty }.map(\.name)
    if !empty.isEmpty {
      let all = empty.count == webhooks.count
      let which = all ? "the webhooks have" : "\(Names.list(empty)) \(empty.count == 1 ? "has" : "have")"
      findings.append(
        .failure(.webhooks, "\(which) no caBundle: the API server trusts no answer of theirs", cure: log)
      )
    }
    for (bundle, group) in Dictionary(grouping: webhooks.filter { !$0.bundle.isEmpty }, by: \.bundle) {
      guard let roots = try? MeshCertificate.readPEM(Array(bundle.utf8)), !roots.isEmpty else {
        let names = Names.list(group.map(\.name))
        findings.append(.failure(.webhooks, "the caBundle of \(names) can't be read as certificates", cure: log))
        continue
      }
      findings += published(roots, snapshot)
      for endpoint in Set(group.compactMap(\.endpoint)).sorted(by: { ($0.host, $0.port) < ($1.host, $1.port) }) {
        findings += await probed(endpoint, roots, snapshot)
      }
    }
    return findings
  }

  /// The caBundle has every root that a serving certificate may be under soon.
  private static func published(_ roots: [MeshCertificate], _ snapshot: ClusterSnapshot) -> [Finding] {
    let home = snapshot.bundles.value?[snapshot.subject.namespace]
    guard let home, let published = try? MeshCertificate.readPEM(Array(home.utf8)) else { return [] }
    let lacking = published.filter { !roots.contains($0) }.count
    switch lacking {
    case 0:
      let others = roots.count - published.count
      return [
        .ok(
          .webhooks,
          "the caBundle has all of \(Names.count(published.count, "published root"))"
            + (others > 0 ? " and \(Names.count(others, "other"))" : "")
        )
      ]
    case published.count:
      return [
        .warning(
          .webhooks,
          "the caBundle has none of the mesh's roots",
          cure: "right only where you serve a certificate of your own (server.webhook.certificateFile); else \(log)"
        )
      ]
    default:
      return [
        .warning(
          .webhooks,
          "the caBundle lacks \(lacking) of \(Names.count(published.count, "published root"))",
          cure: "check again in a minute, a rotation may be under way; else \(log)"
        )
      ]
    }
  }

  private static func probed(
    _ endpoint: WebhookEndpoint,
    _ roots: [MeshCertificate],
    _ snapshot: ClusterSnapshot
  ) async -> [Finding] {
    let place = "\(endpoint.host):\(endpoint.port)"
    switch snapshot.probes[endpoint] ?? .outOfReach {
    case .outOfReach:
      return [
        .warning(
          .webhooks,
          "what \(place) shows was not verified: from outside of the cluster a Service can't be reached",
          cure: "run amesh check in a Pod of the cluster for that"
        )
      ]
    case .silent(let problem):
      return [
        .failure(
          .webhooks,
          "\(place) does not answer: \(problem)",
          cure: "see that the control plane runs and that a NetworkPolicy lets the API server in"
        )
      ]
    case .chain(let chain):
      switch await ServingChain.problem(chain, roots: roots, host: endpoint.host, now: snapshot.now) {
      case nil: break
      case .untrusted(let problem):
        return [.failure(.webhooks, "the API server would not trust \(place): \(problem)", cure: log)]
      case .otherName:
        return [
          .failure(
            .webhooks,
            "the API server would not trust \(place): its certificate is not for \(endpoint.host)",
            cure: "add \(endpoint.host) to server.webhook.names, or to the certificate where you serve one of your own"
          )
        ]
      }
      let life = chain.first.map {
        [Lifetime.finding(.certificates, "the serving certificate of \(place)", $0, snapshot.now)]
      }
      return [.ok(.webhooks, "\(place) shows a chain that the caBundle verifies")] + (life ?? [])
    }
  }
}
