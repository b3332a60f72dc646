package import FoundationEssentials
package import SPIFFE

/// One plugged-in authority after the other, so that nobody is cut off by a replacement: a root that is new is published
/// first and signs when every leaf from before is over; one that is left out stays trusted for as long.
///
/// Whoever lists the next root in the files beforehand has its signer used at once. Files carry no history: at a start, the
/// bundle that was given out last stands in for it, and without one what the files hold counts as spread.
package struct PluggedInSuccession: Sendable {
  /// What signs now.
  package private(set) var signing: PluggedInAuthority
  /// What signs next, and since when everyone trusts it.
  package private(set) var waiting: (authority: PluggedInAuthority, from: Date)?
  /// Roots that are in no file any more, and how long they stay.
  private var retained: [(root: RootCertificate, until: Date)] = []
  /// Since when a root has been trusted.
  private var trustedSince: [AuthorityID: Stamp] = [:]
  private var generation = 1
  private let policy: RotationPolicy
  /// How much later than this one other replicas may see the same files: kubelets look once a minute or so.
  private static let lag: TimeInterval = 300
  /// Whether leaves are signed under a root that was not in the earlier bundle: there is no other key to sign with.
  package let isAbrupt: Bool

  /// - Parameter earlier: what the process before gave out; nil if there was none.
  package init(_ first: PluggedInAuthority, after earlier: EarlierBundle? = nil, _ policy: RotationPolicy, now: Date) {
    signing = first
    self.policy = policy
    isAbrupt = earlier.map { !$0.roots.contains(first.root) } ?? false
    let gone = (earlier?.roots ?? []).filter { !first.roots.contains($0) && $0.notAfter > now }
    // Leaves under them were issued until a moment ago.
    retained = gone.map { ($0, now.addingTimeInterval(wait)) }
    for root in first.roots + gone {
      let since = earlier.map { $0.roots.contains(root) ? min($0.written, now) : now } ?? root.notBefore
      trustedSince[root.id] = Stamp(generation: 1, time: max(since, root.notBefore))
    }
  }

  private var wait: TimeInterval { policy.settling + Self.lag }

  /// Other files, proven to be usable, have taken the place of the last.
  package mutating func replace(with new: PluggedInAuthority, now: Date) {
    let newest = waiting?.authority ?? signing
    guard new != newest else { return }
    generation += 1
    retained.removeAll { $0.until <= now }
    let before = bundle
    let from = (trustedSince[new.root.id].map { $0.time } ?? now).addingTimeInterval(wait)
    if new.root.id == signing.root.id || from <= now {
      signing = new
      waiting = nil
    } else {
      waiting = (new, from)
    }
    settle(before, now: now)
  }

  /// Takes the steps whose time has come.
  ///
  /// - Returns: whether anything has changed.
  package mutating func advance(now: Date) -> Bool {
    var changed = retained.contains { $0.until <= now }
    retained.removeAll { $0.until <= now }
    let before = bundle
    if let (authority, from) = waiting, from <= now {
      signing = authority
      waiting = nil
      changed = true
    }
    guard changed else { return false }
    generation += 1
    settle(before, now: now)
    return true
  }

  /// When ``advance(now:)`` has something to do next.
  package var nextStep: Date? { (retained.map(\.until) + [waiting?.from].compactMap(\.self)).min() }

  /// What everyone is to trust.
  package var bundle: [RootCertificate] {
    var bundle = signing.roots
    for root in (waiting?.authority.roots ?? []) + retained.map(\.root) where !bundle.contains(root) {
      bundle.append(root)
    }
    return bundle
  }

  /// The same as a state, its keys left out.
  package func state(_ trustDomain: TrustDomain) -> AuthorityState {
    let roots = bundle.map { root in
      let stamp = trustedSince[root.id] ?? Stamp(generation: generation, time: root.notBefore)
      let isNext = root.id == waiting?.authority.root.id
      let isSigner = root.id == signing.root.id
      return AuthorityRoot(
        certificate: root,
        key: nil,
        prepared: stamp,
        activated: isNext ? nil : stamp,
        superseded: isNext || isSigner ? nil : stamp
      )
    }
    return AuthorityState(generation: generation, trustDomain: trustDomain, roots: roots, intermediates: [])
  }

  /// Keeps what was trusted before and is listed no more, and notes what is new.
  private mutating func settle(_ before: [RootCertificate], now: Date) {
    let listed = signing.roots + (waiting?.authority.roots ?? [])
    retained.removeAll { listed.contains($0.root) }
    for root in before where !listed.contains(root) && !retained.contains(where: { $0.root == root }) {
      retained.append((root, now.addingTimeInterval(wait)))
    }
    let trusted = Set(bundle.map(\.id))
    trustedSince = trustedSince.filter { trusted.contains($0.key) }
    for root in bundle where trustedSince[root.id] == nil {
      trustedSince[root.id] = Stamp(generation: generation, time: now)
    }
  }
}
