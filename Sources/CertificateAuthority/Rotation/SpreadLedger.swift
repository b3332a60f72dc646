package import FoundationEssentials

/// One replica's book of who has which bundle: who of its subscribers acknowledged what, and how long leaves live that
/// went out with older bundles. Costs as much for a million hand-outs as for one.
package struct SpreadLedger: Sendable {
  /// A stream that is subscribed to the bundle; the stream keeps it.
  package struct Subscriber: Sendable, Equatable {
    /// The bundle that it acknowledged last; 0 before the first.
    package fileprivate(set) var acknowledged = 0
    fileprivate var leafEnds: Date?

    package init() {}
  }

  private struct Publication {
    var roots: Set<AuthorityID>
    /// Subscribers that acknowledged this bundle last.
    var subscribers = 0
    /// The end of the longest leaf whose holder, not a subscriber now, has this bundle at least.
    var leavesEnd: Date?
  }

  /// By the generation of the state that a bundle is from; 0 is no bundle at all.
  private var publications: [Int: Publication] = [0: Publication(roots: [])]
  private var publishedAt: [AuthorityID: Date] = [:]
  /// The bundle that is given out now.
  package private(set) var current = 0

  package init() {}

  /// From now on every bundle that is given out is this one. Older generations than the last are ignored.
  package mutating func publish(_ roots: Set<AuthorityID>, generation: Int, at now: Date) {
    guard generation > current else { return }
    publishedAt = publishedAt.filter { roots.contains($0.key) }
    for root in roots where publishedAt[root] == nil { publishedAt[root] = now }
    publications[generation] = Publication(roots: roots)
    current = generation
    publications = publications.filter { number, publication in
      number == 0 || number == current || publication.subscribers > 0 || publication.leavesEnd.map { $0 > now } == true
    }
  }

  /// A stream has subscribed to the bundle.
  package mutating func opened(_ subscriber: Subscriber) {
    publications[subscriber.acknowledged]?.subscribers += 1
  }

  /// A subscriber has acknowledged the bundle of a generation that was published.
  package mutating func acknowledged(_ generation: Int, by subscriber: inout Subscriber) {
    guard generation > subscriber.acknowledged, publications[generation] != nil else { return }
    publications[subscriber.acknowledged]?.subscribers -= 1
    publications[generation]?.subscribers += 1
    subscriber.acknowledged = generation
  }

  /// A leaf went to a caller who is subscribed to the bundle.
  package mutating func handedOut(leafEnds: Date, to subscriber: inout Subscriber) {
    subscriber.leafEnds = max(leafEnds, subscriber.leafEnds ?? leafEnds)
  }

  /// A leaf went out in one answer with the current bundle, or alone.
  package mutating func handedOut(leafEnds: Date, withBundle: Bool) {
    note(leafEnds: leafEnds, bundle: withBundle ? current : 0)
  }

  /// A subscriber's stream has ended; its leaf lives on with the bundle that it had.
  package mutating func closed(_ subscriber: Subscriber) {
    publications[subscriber.acknowledged]?.subscribers -= 1
    if let leafEnds = subscriber.leafEnds { note(leafEnds: leafEnds, bundle: subscriber.acknowledged) }
  }

  /// What the Lease holder is told.
  package var report: ReplicaReport {
    var spread: [AuthorityID: RootSpread] = [:]
    for (root, time) in publishedAt {
      let without = publications.values.filter { !$0.roots.contains(root) }
      spread[root] = RootSpread(
        publishedAt: time,
        waitingSubscribers: without.reduce(0) { $0 + $1.subscribers },
        olderBundlesUntil: without.compactMap(\.leavesEnd).max()
      )
    }
    return ReplicaReport(spread: spread)
  }

  private mutating func note(leafEnds: Date, bundle: Int) {
    // A bundle that is forgotten here had no holder: count its leaf as one without any.
    let number = publications[bundle] == nil ? 0 : bundle
    let known = publications[number]?.leavesEnd
    publications[number]?.leavesEnd = max(leafEnds, known ?? leafEnds)
  }
}
