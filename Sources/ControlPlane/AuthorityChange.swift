import CertificateAuthority

/// What a write of the state is, by what differs.
enum AuthorityChange: Sendable, Equatable {
  /// A replica notes that it signs with an intermediate, or signs with one no more: every replica's own to write.
  case ownRecords
  /// Roots, or records of others: the leader's to write.
  ///
  /// - Parameter signer: the root that is to sign from now on, if it is another one than before.
  case rotation(signer: AuthorityID?)

  static func between(_ old: AuthorityState, _ new: AuthorityState, replica: String) -> AuthorityChange {
    guard old.roots == new.roots else {
      return .rotation(signer: new.signer?.id == old.signer?.id ? nil : new.signer?.id)
    }
    let known = Dictionary(old.intermediates.map { ($0.id, $0) }) { first, _ in first }
    let kept = Set(new.intermediates.map(\.id))
    let isOwn =
      new.intermediates.allSatisfy { $0 == known[$0.id] || $0.replica == replica }
      // Forgetting is the leader's.
      && old.intermediates.allSatisfy { kept.contains($0.id) }
    return isOwn ? .ownRecords : .rotation(signer: nil)
  }
}
