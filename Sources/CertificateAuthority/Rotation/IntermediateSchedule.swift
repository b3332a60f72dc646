package import FoundationEssentials

/// When a replica's intermediate ends and when it is replaced; drawn once, when it is made.
package struct IntermediateSchedule: Sendable, Equatable {
  package let notAfter: Date
  package let replaceAt: Date

  /// For an intermediate that is made now: never longer than its root, replaced when two of the longest leaves are left,
  /// or up to a tenth earlier, so that replicas don't do it all at once.
  ///
  /// - Parameter draw: from 0 up to 1, at random.
  /// - Returns: nil under a root that is over.
  package init?(under root: RootCertificate, _ policy: RotationPolicy, now: Date, draw: Double) {
    notAfter = min(now.wholeSeconds.addingTimeInterval(policy.intermediateLife), root.notAfter)
    let life = notAfter.timeIntervalSince(now)
    guard life > 0 else { return nil }
    // Cut short by the end of its root, it may have less than that to live at all.
    let use = max(life - 2 * policy.leafCap, life / 2)
    replaceAt = now.addingTimeInterval(use * (1 - 0.1 * min(max(draw, 0), 1)))
  }
}

/// An issuing intermediate in a replica's memory, as far as scheduling looks at it.
package struct HeldIntermediate: Sendable, Equatable {
  package let id: AuthorityID
  package let root: AuthorityID
  package let schedule: IntermediateSchedule

  package init(id: AuthorityID, root: AuthorityID, schedule: IntermediateSchedule) {
    self.id = id
    self.root = root
    self.schedule = schedule
  }

  /// Whether its replica may sign and serve anyone at all. It ends one usual leaf before the intermediate does, else the
  /// last leaves would all end in the very moment in which their holders have to look for another replica. And a replica
  /// without a usable intermediate may have been cut off for long: its bundle is too old to be given out.
  package func isUsable(_ policy: RotationPolicy, now: Date) -> Bool {
    now.addingTimeInterval(policy.leafLife) <= schedule.notAfter
  }

  /// When a leaf made now ends: never after this intermediate.
  ///
  /// - Parameter asked: seconds that the caller asked for; nil for the usual.
  /// - Returns: nil when the intermediate may not sign any more.
  package func leafEnds(asked: TimeInterval? = nil, _ policy: RotationPolicy, now: Date) -> Date? {
    guard isUsable(policy, now: now) else { return nil }
    let life = min(asked ?? policy.leafLife, policy.leafCap)
    return min(now.wholeSeconds.addingTimeInterval(life), schedule.notAfter)
  }
}

/// What a replica is to do about its intermediate.
package enum IntermediateAction: Sendable, Equatable {
  case keep
  /// Make one under this root, record it in the state, and only then use it; record the old one as dropped afterwards.
  case replace(under: AuthorityID)

  package static func decide(
    _ held: HeldIntermediate?,
    _ state: AuthorityState,
    _ policy: RotationPolicy,
    now: Date
  ) -> IntermediateAction {
    guard let signer = state.signer, now < signer.certificate.notAfter else { return .keep }
    guard let held, held.root == signer.id, held.isUsable(policy, now: now) else { return .replace(under: signer.id) }
    guard now >= held.schedule.replaceAt else { return .keep }
    // At the end of a root that has no successor, another one would live no longer.
    let gain = min(now.addingTimeInterval(policy.intermediateLife), signer.certificate.notAfter)
      .timeIntervalSince(held.schedule.notAfter)
    return gain >= policy.intermediateLife / 20 ? .replace(under: signer.id) : .keep
  }
}
