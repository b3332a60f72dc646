import KubernetesAPI

/// How far what the control plane writes into its cluster has come, in numbers.
package struct ClusterFigures: Sendable, Equatable {
  package var leads: Bool
  /// Those that are to have the trust bundle.
  package var namespaces: Int
  /// Of these, those that have another one or none.
  package var behind: Int
  /// Those that rotation does not wait for, since nothing may be written there.
  package var forbidden: Int
  /// Whether the webhook configuration trusts what we serve with; nil where that is not ours to see to, or not known yet.
  package var isWebhookRight: Bool?
}

extension ClusterAuthority {
  package var figures: ClusterFigures {
    let status = bundles.status
    return ClusterFigures(
      leads: election.leadership != nil,
      namespaces: status.namespaces,
      behind: status.namespaces - status.current,
      forbidden: status.problems.values.count(where: \.isForbidden),
      isWebhookRight: webhooks.flatMap { webhooks in
        switch webhooks.standing {
        case .unknown: nil
        case .right: true
        case .missing, .foreign, .untrusted: false
        }
      }
    )
  }
}
