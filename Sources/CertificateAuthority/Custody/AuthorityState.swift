package import FoundationEssentials
package import SPIFFE

/// What the authority must not forget: its roots with their phases and the intermediates that may be in use. A value;
/// a custody keeps it, and every change goes there before it takes effect.
package struct AuthorityState: Sendable, Equatable {
  package static let maximumRoots = 16
  package static let maximumIntermediates = 512

  /// Rises by one with each write: a writer that has seen an older one is fenced off.
  package internal(set) var generation: Int
  package let trustDomain: TrustDomain
  /// In the order in which they were prepared.
  package internal(set) var roots: [AuthorityRoot]
  package internal(set) var intermediates: [IntermediateRecord]

  /// The state of a new authority: one root that signs at once, since nobody trusts another.
  package init(trustDomain: TrustDomain, firstRoot: RootCertificate, key: RootKey?, at now: Date) {
    let stamp = Stamp(generation: 1, time: now)
    generation = 1
    self.trustDomain = trustDomain
    roots = [AuthorityRoot(certificate: firstRoot, key: key, prepared: stamp, activated: stamp)]
    intermediates = []
  }

  init(generation: Int, trustDomain: TrustDomain, roots: [AuthorityRoot], intermediates: [IntermediateRecord]) {
    self.generation = generation
    self.trustDomain = trustDomain
    self.roots = roots
    self.intermediates = intermediates
  }

  /// The root that signs; there is exactly one.
  package var signer: AuthorityRoot? { roots.first { $0.phase == .active } }

  /// The root that is to sign next.
  package var successor: AuthorityRoot? { roots.first { $0.phase == .prepared } }

  /// What everyone is to trust.
  package var bundle: [RootCertificate] { roots.filter(\.isTrusted).map(\.certificate) }

  package func root(_ id: AuthorityID) -> AuthorityRoot? { roots.first { $0.id == id } }

  /// Why this is no state that we could have written; nil for a sound one.
  var flaw: String? {
    if generation < 1 { return "generation \(generation) is below 1" }
    if roots.count > Self.maximumRoots { return "more than \(Self.maximumRoots) roots" }
    if intermediates.count > Self.maximumIntermediates { return "more than \(Self.maximumIntermediates) intermediates" }
    if Set(roots.map(\.id)).count != roots.count { return "a root is there twice" }
    if Set(intermediates.map(\.id)).count != intermediates.count { return "an intermediate is there twice" }
    if roots.count(where: { $0.phase == .active }) != 1 { return "not exactly one root is active" }
    if roots.count(where: { $0.phase == .prepared }) > 1 { return "more than one root is prepared" }
    for root in roots {
      if root.superseded != nil, root.activated == nil {
        return "root \(root.id) was superseded before it was active"
      }
      let stamps = [root.prepared, root.activated, root.superseded, root.retired].compactMap(\.self)
      if stamps.contains(where: { !(1...generation).contains($0.generation) }) {
        return "root \(root.id) has a generation that is not one of this state's"
      }
    }
    for record in intermediates {
      if root(record.root) == nil { return "intermediate \(record.id) is under a root that is not there" }
      let stamps = [record.recorded, record.dropped].compactMap(\.self)
      if stamps.contains(where: { !(1...generation).contains($0.generation) }) {
        return "intermediate \(record.id) has a generation that is not one of this state's"
      }
    }
    return nil
  }
}
