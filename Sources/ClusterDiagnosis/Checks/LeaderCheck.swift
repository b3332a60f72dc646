import FoundationEssentials

/// Does a control plane lead?
enum LeaderCheck {
  /// Clocks may be so far apart, and a holder so late.
  private static let slack: TimeInterval = 60

  static func findings(_ snapshot: ClusterSnapshot) -> [Finding] {
    let log =
      "look at the log of the control plane's replicas, and at kubectl -n \(snapshot.subject.namespace) get lease"
    switch snapshot.lease {
    case .unknown(let problem): return [.unknown(.leader, "Lease amesh-leader", problem)]
    case .known(nil): return [.failure(.leader, "there is no Lease amesh-leader: nobody has ever led", cure: log)]
    case .known(let lease?):
      guard !lease.holder.isEmpty else {
        return [.warning(.leader, "nobody leads at this moment", cure: "check again in a minute; else \(log)")]
      }
      guard let renewed = lease.renewed else {
        return [.warning(.leader, "\(lease.holder) leads, and does not say since when", cure: log)]
      }
      let age = snapshot.now.timeIntervalSince(renewed)
      if age > TimeInterval(max(lease.seconds, 0)) + slack {
        return [
          .failure(
            .leader,
            "\(lease.holder) led last \(Lifetime.span(age)) ago, by this machine's clock: roots and bundles stand still",
            cure: log
          )
        ]
      }
      return [.ok(.leader, "\(lease.holder) leads")]
    }
  }
}
