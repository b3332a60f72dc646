/// What has to be done for one backend and family.
package struct RedirectPlan: Sendable {
  package var steps: [RedirectReport.Step] = []

  /// From what is there to what is asked for: the chosen backend gets the rules, every other loses what is ours.
  ///
  /// - Parameter chosen: nil: nothing is to remain anywhere.
  package init(states: [BackendState], chosen: Backend?, rules: [RuleSet]) {
    for state in states {
      let wanted =
        state.backend == chosen && state.content.takesRules ? rules.first { $0.family == state.family } : nil
      let rules = wanted ?? RuleSet(family: state.family, chains: [])
      let input = state.content.transaction(to: rules)
      // Nothing is said of what was never used here.
      guard input != nil || wanted != nil else { continue }
      let isEmpty = rules.isEmpty
      let action: RedirectReport.Action =
        switch (state.content.holdsOurs, input) {
        case (_, nil): isEmpty ? .absent : .unchanged
        case (true, _): isEmpty ? .removed : .replaced
        case (false, _): .created
        }
      steps.append(RedirectReport.Step(state.backend, state.family, action, input: input ?? ""))
    }
    // New rules first: a moment with both redirects no less than the rules that stay.
    steps.sort { ($0.backend == chosen ? 0 : 1) < ($1.backend == chosen ? 0 : 1) }
  }
}

/// What a backend has of one family.
package struct BackendState: Sendable {
  package enum Content: Sendable {
    case iptables(IPTablesState)
    case nftables(NFTablesState)
    case remnants(NFTablesRemnants)

    /// Whether rules may be loaded there, or only be taken away.
    package var takesRules: Bool {
      if case .remnants = self { return false }
      return true
    }

    package var holdsOurs: Bool {
      switch self {
      case .iptables(let state): state.holdsOurs
      case .nftables(let state): state.holdsOurs
      case .remnants(let remnants): !remnants.isEmpty
      }
    }

    package var holdsForeign: Bool {
      switch self {
      case .iptables(let state): state.holdsForeign
      case .nftables(let state): state.holdsForeign
      case .remnants: true
      }
    }

    func transaction(to rules: RuleSet) -> String? {
      switch self {
      case .iptables(let state): state.transaction(to: IPTablesState(rules))
      case .nftables(let state): state.transaction(to: NFTablesState(rules))
      case .remnants(let remnants): remnants.removal
      }
    }
  }

  package var backend: Backend
  package var family: AddressFamily
  package var content: Content

  package init(_ backend: Backend, _ family: AddressFamily, _ content: Content) {
    self.backend = backend
    self.family = family
    self.content = content
  }

  /// Before anything was ever loaded.
  package static func empty(_ backend: Backend, _ family: AddressFamily) -> BackendState {
    BackendState(
      backend,
      family,
      backend == .nft ? .nftables(NFTablesState(family)) : .iptables(IPTablesState())
    )
  }
}
