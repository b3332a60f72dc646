/// Are the revision's webhooks there, and as they have to be?
enum WebhookCheck {
  private static let apply = "kubectl apply -k manifests, of this revision's overlay"

  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    let configurations: [WebhookConfigurationFacts]
    switch snapshot.webhooks {
    case .unknown(let problem): return [.unknown(.webhooks, "the webhook configurations", problem)]
    case .known(let known): configurations = known
    }
    let revision = snapshot.subject.revision
    let ours = configurations.filter { $0.revision == revision }
    guard !ours.isEmpty else {
      return [
        .failure(
          .webhooks,
          "no MutatingWebhookConfiguration is labelled as revision \(revision): no Pod gets a sidecar of it",
          cure: apply
        )
      ]
    }
    var findings: [Finding] = []
    if ours.count > 1 {
      findings.append(
        .warning(
          .webhooks,
          "several configurations are of revision \(revision): \(Names.list(ours.map(\.name)))",
          cure: "delete all but the one that you apply"
        )
      )
    }
    let found = ours.flatMap(\.webhooks)
    findings += shape(found, snapshot.subject)
    findings += services(found, snapshot)
    return findings
  }

  private static func shape(_ found: [WebhookFacts], _ subject: DiagnosisSubject) -> [Finding] {
    var findings: [Finding] = []
    let expected = ExpectedWebhook.all(subject)
    let missing = expected.filter { wanted in !found.contains { $0.name == wanted.name } }.map(\.name)
    if !missing.isEmpty {
      findings.append(
        .failure(.webhooks, "missing: \(Names.list(missing)); Pods that it is for get no sidecar", cure: apply)
      )
    }
    for wanted in expected {
      for webhook in found where webhook.name == wanted.name {
        let differences = wanted.differences(webhook)
        if !webhook.rules.contains(where: \.coversNewPods) {
          findings.append(.failure(.webhooks, "\(webhook.name) is not asked about new Pods", cure: apply))
        } else if !differences.isEmpty {
          let what = differences.joined(separator: ", ")
          findings.append(.warning(.webhooks, "\(webhook.name) differs from the manifests: \(what)", cure: apply))
        }
      }
    }
    let strangers = found.map(\.name).filter { name in !expected.contains { $0.name == name } }
    if !strangers.isEmpty {
      findings.append(.warning(.webhooks, "unknown to this version: \(Names.list(strangers))", cure: apply))
    }
    if findings.isEmpty { findings.append(.ok(.webhooks, "\(expected.count) are there, as the manifests have them")) }
    return findings
  }

  /// Where they lead by a Service, it has to be there.
  private static func services(_ found: [WebhookFacts], _ snapshot: ClusterSnapshot) -> [Finding] {
    let wanted = Set(found.compactMap(\.service))
    guard !wanted.isEmpty else { return [] }
    switch snapshot.services {
    case .unknown(let problem): return [.unknown(.webhooks, "the Service that they lead to", problem)]
    case .known(let names):
      let home = snapshot.subject.namespace
      let lost = wanted.filter { service in !names.contains { "\(home)/\($0)" == service } }
      guard !lost.isEmpty else { return [.ok(.webhooks, "they lead to Service \(Names.list(wanted))")] }
      return [
        .failure(.webhooks, "they lead to Service \(Names.list(lost)), which is not in \(home)", cure: apply)
      ]
    }
  }
}
