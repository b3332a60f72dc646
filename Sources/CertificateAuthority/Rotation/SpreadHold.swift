package import FoundationEssentials

/// Why a root is not known to be in everyone's hands yet.
package enum SpreadHold: Sendable, Equatable, CustomStringConvertible {
  /// ConfigMaps are without it, or have it since a moment ago.
  ///
  /// - Parameter without: the namespaces that are without it; nil where that is not known.
  case configMaps(without: [String]?)
  /// Subscribers of a replica have not acknowledged a bundle with the root.
  case subscribers(replica: String, count: Int)
  /// Leaves that a replica handed out together with an older bundle are still valid.
  case olderBundles(replica: String, until: Date)
  /// A replica reports, but without having the root yet.
  case notPublished(replica: String)
  /// A replica that does not report may hand out leaves and older bundles, until its intermediate ends.
  case silent(replica: String, until: Date)

  package var description: String {
    switch self {
    case .configMaps(nil): "it is not known which ConfigMaps have it"
    case .configMaps(.some(let namespaces)) where namespaces.isEmpty: "those who read ConfigMaps may not have it yet"
    case .configMaps(.some(let namespaces)):
      "the ConfigMaps of \(namespaces.prefix(5).joined(separator: ", "))"
        + (namespaces.count > 5 ? " and \(namespaces.count - 5) more namespaces" : "") + " are without it"
    case .subscribers(let replica, let count): "\(count) subscribers of \(replica) have not acknowledged it"
    case .olderBundles(let replica, let until):
      "\(replica) gave leaves with older bundles, valid until \(Timestamp.text(until))"
    case .notPublished(let replica): "\(replica) does not give it out yet"
    case .silent(let replica, let until):
      "\(replica) does not report and may give out older bundles until \(Timestamp.text(until))"
    }
  }
}

/// Whether a root may sign: everyone trusts it, by proof or since enough time has passed.
package enum SpreadVerdict: Sendable, Equatable {
  case proven
  /// Nobody who holds a valid leaf got it before the root was in the bundle.
  case waited
  /// Not yet.
  ///
  /// - Parameter until: when waiting will do without any proof; nil while a replica gives out bundles without the root.
  case held([SpreadHold], until: Date?)

  package static func of(
    _ root: AuthorityRoot,
    in state: AuthorityState,
    _ observations: RotationObservations,
    _ policy: RotationPolicy,
    now: Date
  ) -> SpreadVerdict {
    var holds: [SpreadHold] = []
    // Without any proof: everyone who holds a leaf got it, and a bundle with it, since the root was prepared.
    // Leaves that are out may have been issued by a policy that allowed longer ones.
    let settling = state.intermediates.longestLeaf(policy) + policy.skew
    var until: Date? = root.prepared.time.addingTimeInterval(settling)
    if !observations.configMapsHold.contains(root.id) {
      let without = observations.configMapsBehind[root.id]
      holds.append(.configMaps(without: without))
      // A ConfigMap that can't be written is no better for waiting. But the mesh does not end for one namespace: what is
      // under the old root has to be replaced before that ends.
      if without?.isEmpty != true {
        until = later(until, (state.signer?.certificate.notAfter ?? .distantFuture).addingTimeInterval(-2 * settling))
      }
    }
    let ended = state.endedReplicas
    for (replica, records) in Dictionary(grouping: state.intermediates, by: \.replica).sorted(by: { $0.key < $1.key }) {
      // One without a live intermediate serves nobody, see ``HeldIntermediate/isUsable(_:now:)``.
      let over = records.map { $0.settled(policy) }.max() ?? now
      if over <= now { continue }
      if case .reports(let report)? = observations.replicas[replica], !ended.contains(replica) {
        guard let spread = report.spread[root.id] else {
          holds.append(.notPublished(replica: replica))
          until = nil
          continue
        }
        until = later(until, min(over, spread.publishedAt.addingTimeInterval(settling)))
        if spread.waitingSubscribers > 0 {
          holds.append(.subscribers(replica: replica, count: spread.waitingSubscribers))
        }
        if let older = spread.olderBundlesUntil?.addingTimeInterval(policy.skew), older > now {
          holds.append(.olderBundles(replica: replica, until: older))
        }
        continue
      }
      // An intermediate is recorded in the newest state, so whoever recorded one since knows the root; and has never
      // given out another bundle, if it was its first. Else a replica that starts over and over would hold it for ever.
      let isOlder = { (record: IntermediateRecord) in record.recorded.generation < root.prepared.generation }
      guard records.contains(where: isOlder) else { continue }
      let knows = records.filter { !isOlder($0) }.map(\.recorded.time).min()
      let silent = min(over, knows?.addingTimeInterval(settling) ?? over)
      if silent <= now { continue }
      holds.append(.silent(replica: replica, until: silent))
      until = later(until, silent)
    }
    if holds.isEmpty { return .proven }
    if let until, until <= now { return .waited }
    return .held(holds, until: until)
  }

  private static func later(_ until: Date?, _ other: Date) -> Date? {
    until.map { max($0, other) }
  }
}
