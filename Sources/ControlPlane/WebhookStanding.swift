package import KubernetesAPI

/// How a revision's webhook configuration stands to what we serve with.
package enum WebhookStanding: Sendable {
  /// There are no roots yet that it could have.
  case unknown
  case right
  /// There is none by that name.
  case missing
  /// It is another revision's.
  case foreign(revision: String?)
  /// Its caBundle lacks a root, or could not be looked at.
  ///
  /// - Parameter problem: what keeps us from mending it.
  case untrusted(problem: APIError?)
}

/// Holds a replica back at its start until the API server trusts what it serves with: where it does not, Pods are refused.
/// Not for long, since what is wrong with the configuration may be a person's to mend. A value.
struct FirstTrust: Sendable {
  static let longest = Duration.seconds(30)

  private var since: Duration?
  private var isOver = false

  /// Whether to wait on.
  mutating func holds(_ standing: WebhookStanding, at now: Duration) -> Bool {
    if isOver { return false }
    switch standing {
    case .unknown: return true
    // Nobody is asked through a configuration that is not there, or through another revision's.
    case .right, .missing, .foreign: isOver = true
    case .untrusted:
      let since = since ?? now
      self.since = since
      isOver = now >= since + Self.longest
    }
    return !isOver
  }
}
