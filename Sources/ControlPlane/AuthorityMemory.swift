import CertificateAuthority

/// The newest state that this process has seen in custody: what is there later must not be older, nor another one of the
/// same generation.
struct AuthorityMemory: Sendable {
  private(set) var newest: AuthoritySecret?

  /// Nothing less takes back what is in the memory of replicas and in everybody's hands.
  static func cure(_ names: ObjectNames) -> String {
    "if you mean it, scale the control plane's Deployment to 0, delete the ConfigMap \(names.key(names.trustBundle)), and "
      + "scale it up again"
  }

  /// Judges what an answer holds whose request was sent when this was the newest; nil when there is nothing.
  func check(_ found: AuthoritySecret?, path: String, cure: String) throws(CustodyError) {
    guard let newest else { return }
    guard let found else {
      throw .lost(
        path: path,
        roots: newest.state.bundle.map(\.id),
        cure: cure
      )
    }
    let (seen, known) = (found.state.generation, newest.state.generation)
    if seen < known || found.fence < newest.fence {
      throw .wentBack(path: path, found: seen, known: known, cure: cure)
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
