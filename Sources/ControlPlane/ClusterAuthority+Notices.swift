package import CertificateAuthority
package import FoundationEssentials
import KubernetesAPI
import MeshAuthority

/// What is amiss between the authority and its cluster while it goes on from memory: for `/readyz`, and for Events.
extension ClusterAuthority {
  /// Everything that this replica knows of.
  package func notices(_ policy: RotationPolicy, now: Date) -> [Notice] { shared(policy, now: now) + own }

  /// What all replicas of all revisions see alike, or the leader best.
  func shared(_ policy: RotationPolicy, now: Date) -> [Notice] {
    [custodyNotice, bundleNotice].compactMap(\.self) + warnings(policy, now: now)
  }

  /// What another replica may not meet with, or, being of another revision, not see.
  var own: [Notice] { [electionNotice, reportsNotice, webhookNotice].compactMap(\.self) }

  /// What will hurt unless somebody acts, by the state that was seen last.
  func warnings(_ policy: RotationPolicy, now: Date) -> [Notice] {
    guard let state = custody.newestState else { return [] }
    let ends = custody.pluggedInEnds
    return AuthorityWarnings.of(state, holds: authority.holds, pluggedInEnds: ends, policy, now: now).map { warning in
      let isPluggedIn = warning.reason == AuthorityWarnings.pluggedInExpires
      return secret(
        isPluggedIn ? names.pluggedInSecret : names.authoritySecret,
        reason: warning.reason,
        message: warning.message
      )
    }
  }

  private var names: ObjectNames { cluster.names }

  private var custodyNotice: Notice? {
    authority.problem.map { secret(names.authoritySecret, reason: $0.reason, message: "\($0)") }
  }

  private var bundleNotice: Notice? {
    let problems = bundles.status.problems.filter { !$0.value.isConflict && !$0.value.isOutage }
    guard let first = problems.min(by: { $0.key < $1.key }) else { return nil }
    let others = problems.count == 1 ? "" : " and \(problems.count - 1) more"
    return Notice(
      subject("v1", "ConfigMap", names.trustBundle),
      reason: "TrustBundleNotWritten",
      message: "the trust bundle can't be written in namespace \(first.key)\(others), whose Pods keep what they have, "
        + "and rotation does not wait for where it is forbidden: \(first.value)"
    )
  }

  private var electionNotice: Notice? {
    guard let problem = election.problem, !problem.isOutage else { return nil }
    return Notice(
      subject("coordination.k8s.io/v1", "Lease", names.leaderLease),
      reason: "LeaseNotRenewed",
      message: "the Lease \(names.key(names.leaderLease)) can't be seen to, so this replica can't lead: \(problem)"
    )
  }

  private var reportsNotice: Notice? {
    guard let problem = reports.problem, !problem.isOutage, !problem.isConflict else { return nil }
    return Notice(
      subject("v1", "ConfigMap", names.reports),
      reason: "ReportNotWritten",
      message: "the ConfigMap \(names.key(names.reports)) can't be written; rotation waits for this replica: \(problem)"
    )
  }

  private var webhookNotice: Notice? {
    guard let name = cluster.webhooks, let webhooks else { return nil }
    let what = "MutatingWebhookConfiguration \(name)"
    let problem: (reason: String, message: String)
    switch webhooks.standing {
    case .unknown, .right: return nil
    case .missing:
      problem = ("WebhookMissing", "there is no \(what), so no Pod gets a sidecar; apply the manifests again")
    case .foreign(let revision):
      problem = (
        "WebhookForeign",
        "\(what) is of revision \(revision ?? "none"), and this control plane of \(cluster.revision); "
          + "apply the manifests of \(cluster.revision) again"
      )
    case .untrusted(let error):
      problem = (
        "WebhookUntrusted",
        "the caBundle of \(what) lacks a root of the webhook's certificate, so Pods may be refused"
          + (error.map { ", and it can't be put there: \($0)" } ?? "; it is being written")
      )
    }
    let subject = subject("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", name)
    return Notice(subject, reason: problem.reason, message: problem.message)
  }

  private func secret(_ name: String, reason: String, message: String) -> Notice {
    Notice(subject("v1", "Secret", name), reason: reason, message: message)
  }

  /// Events lie in the control plane's namespace, also those about what lies in none.
  private func subject(_ apiVersion: String, _ kind: String, _ name: String) -> EventSubject {
    EventSubject(apiVersion: apiVersion, kind: kind, namespace: names.namespace, name: name)
  }
}

extension MeshAuthorityError {
  /// In one word, for an Event.
  fileprivate var reason: String {
    switch self {
    case .custody(.lost), .stateLost: "AuthorityLost"
    case .custody(.wentBack), .stateWentBack: "AuthorityWentBack"
    case .custody(.edited), .custody(.invalid): "AuthorityEdited"
    default: "AuthorityStuck"
    }
  }
}
