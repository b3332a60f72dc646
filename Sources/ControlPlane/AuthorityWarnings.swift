package import CertificateAuthority
package import FoundationEssentials

/// What a person should know of the authority before it hurts.
package enum AuthorityWarnings {
  /// What ends within this time is not being replaced by whoever should have.
  static let nearTheEnd: TimeInterval = 14 * 86_400
  /// The one reason that is about what a person has plugged in.
  static let pluggedInExpires = "PluggedInAuthorityExpires"

  /// - Parameters:
  ///   - holds: what rotation waits for.
  ///   - pluggedInEnds: of an authority that someone has plugged in.
  /// - Returns: reason and message of each.
  package static func of(
    _ state: AuthorityState,
    holds: [RotationHold],
    pluggedInEnds: Date? = nil,
    _ policy: RotationPolicy,
    now: Date
  ) -> [(reason: String, message: String)] {
    var warnings: [(reason: String, message: String)] = []
    // Where roots live for days only, a new one is prepared later than that too.
    let near = min(nearTheEnd, min(policy.prepareAhead, policy.rootLife / 2) / 2)
    if let signer = state.signer, signer.certificate.notAfter <= now.addingTimeInterval(near) {
      let next = state.successor.map { "root \($0.id) is prepared and not active yet" } ?? "no root is prepared"
      warnings.append(
        (
          "RootExpires",
          "root \(signer.id) ends \(Timestamp.text(signer.certificate.notAfter)), and \(next); "
            + "see amesh ca status for what is in the way"
        )
      )
    }
    if let end = pluggedInEnds, end <= now.addingTimeInterval(nearTheEnd) {
      warnings.append(
        (pluggedInExpires, "the plugged-in authority ends \(Timestamp.text(end)); plug in its successor")
      )
    }
    if let successor = state.successor {
      // By then every intermediate of before has ended, and every leaf under it.
      let usual = policy.intermediateLife + 2 * policy.settling
      let isStuck = successor.prepared.time.addingTimeInterval(usual) <= now
      // A ConfigMap is written within seconds, or somebody has to look.
      let isLate = successor.prepared.time.addingTimeInterval(2 * policy.settling) <= now
      for hold in holds {
        switch hold {
        case .spread(successor.id, let reasons, _):
          let waitsForConfigMaps = reasons.contains { reason in
            if case .configMaps(let without) = reason { without?.isEmpty == false } else { false }
          }
          if isStuck || (isLate && waitsForConfigMaps) { warnings.append(("RotationStuck", "\(hold)")) }
        case .notPluggedIn(successor.id): warnings.append(("RotationStuck", "\(hold)"))
        default: break
        }
      }
    }
    return warnings
  }
}
