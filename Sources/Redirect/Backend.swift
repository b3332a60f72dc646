/// The programs that load rules into the kernel, each with a world of its own there.
package enum Backend: String, Sendable, CaseIterable {
  /// iptables over nf_tables, which most nodes have.
  case iptablesNFT = "iptables-nft"
  /// iptables over its first kernel interface.
  case iptablesLegacy = "iptables-legacy"
  /// nf_tables alone.
  case nft
}

/// What is known of a backend in this network namespace, before any change.
package struct BackendFinding: Sendable, Equatable {
  package var backend: Backend
  /// Nil: it is there; else why it can't be used.
  package var problem: String?
  package var holdsOurs: Bool
  package var holdsForeign: Bool

  package init(_ backend: Backend, problem: String? = nil, holdsOurs: Bool = false, holdsForeign: Bool = false) {
    self.backend = backend
    self.problem = problem
    self.holdsOurs = holdsOurs
    self.holdsForeign = holdsForeign
  }
}

package enum BackendChoice {
  /// In which order backends are to be tried. Who has rules of ours goes first, so that a second run finds them; then
  /// legacy where it is in use, since its rules and those of nf_tables do not see each other, and nft before legacy where
  /// that is.
  package static func candidates(_ findings: [BackendFinding], requested: Backend?) -> [Backend] {
    if let requested { return [requested] }
    func rank(_ finding: BackendFinding) -> Int {
      if finding.holdsOurs { return 0 }
      switch finding.backend {
      case .iptablesLegacy: return finding.holdsForeign ? 1 : 3
      case .iptablesNFT: return 2
      case .nft: return finding.holdsForeign ? 2 : 3
      }
    }
    // Among equals the order of the cases.
    return (0...3).flatMap { wanted in findings.filter { $0.problem == nil && rank($0) == wanted }.map(\.backend) }
  }
}
