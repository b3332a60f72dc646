package import FoundationEssentials

/// What the Lease holder sees of the world when it plans.
package struct RotationObservations: Sendable {
  /// Whether the steps of rotation are ours to take; who does not lead follows what the leader writes.
  package var leads: Bool
  /// The replica that leads, as its records name it; nil where nobody is known to.
  package var leader: String?
  /// What is known of replicas, by the name that their records carry. One that is neither reporting nor surely gone is
  /// not in here: it may be alive somewhere, cut off.
  package var replicas: [String: ReplicaObservation]
  /// The roots that every ConfigMap for trust bundles holds, since long enough that those who read it have them.
  package var configMapsHold: Set<AuthorityID>
  /// By root the namespaces whose ConfigMap is without it; nil for a root of which that is not known.
  package var configMapsBehind: [AuthorityID: [String]] = [:]
  /// Of the roots without a key of their own, those that something plugged in signs under; nil where that is not for
  /// rotation to ask.
  package var pluggedIn: Set<AuthorityID>?

  package init(
    leads: Bool = true,
    leader: String? = nil,
    replicas: [String: ReplicaObservation] = [:],
    configMapsHold: Set<AuthorityID> = []
  ) {
    self.leads = leads
    self.leader = leader
    self.replicas = replicas
    self.configMapsHold = configMapsHold
  }
}

package enum ReplicaObservation: Sendable, Equatable {
  case reports(ReplicaReport)
  /// The process has ended for certain; its keys went with it.
  case gone
}

/// What a replica tells of the spread of its bundles, by root.
package struct ReplicaReport: Sendable, Equatable {
  package var spread: [AuthorityID: RootSpread]

  package init(spread: [AuthorityID: RootSpread]) { self.spread = spread }
}

/// How far a root has come among those whom one replica serves.
package struct RootSpread: Sendable, Equatable {
  /// Since when all bundles that the replica gives out hold the root.
  package var publishedAt: Date
  /// Subscribers whose last acknowledged bundle is without it.
  package var waitingSubscribers: Int
  /// The end of the last leaf that was handed out to someone who may have no bundle with it and is not among the
  /// subscribers now.
  package var olderBundlesUntil: Date?

  package init(publishedAt: Date, waitingSubscribers: Int = 0, olderBundlesUntil: Date? = nil) {
    self.publishedAt = publishedAt
    self.waitingSubscribers = waitingSubscribers
    self.olderBundlesUntil = olderBundlesUntil
  }
}
