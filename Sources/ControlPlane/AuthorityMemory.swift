import CertificateAuthority

/// The newest state that this process has seen in custody: what is there later must not be older, nor another one of the
/// same generation.
struct AuthorityMemory: Sendable {
  private(set) var newest: AuthoritySecret?

  /// Judges what an answer holds whose request was sent when this was the newest; nil when there is nothing.
  func check(_ found: AuthoritySecret?, path: String) throws(CustodyError) {
    guard let newest else { return }
    guard let found else {
      throw .lost(
        path: path,
        roots: newest.state.bundle.map(\.id),
        cure: "restart every replica for a new authority, which nobody trusts yet"
      )
    }
    let (seen, known) = (found.state.generation, newest.state.generation)
    if seen < known || found.fence < newest.fence {
      throw .wentBack(path: path, found: seen, known: known, cure: "restart every replica to go on from the older one")
    }
    if seen == known, found.state != newest.state {
      throw .edited(path: path, problem: "another state has generation \(seen)")
    }
  }

  /// Answers may come in another order than they were given in.
  mutating func keep(_ found: AuthoritySecret) {
    guard let newest else { return self.newest = found }
    let order = (found.state.generation, found.fence)
    if order > (newest.state.generation, newest.fence) { self.newest = found }
  }
}
