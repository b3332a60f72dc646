package import Redirect

/// Brings the rules of this network namespace to what is asked for.
package struct Redirector: Sendable {
  package enum IPv6: String, Sendable, CaseIterable {
    /// Where the namespace has an address of it.
    case auto
    case always
    case never
  }

  private let options: RedirectOptions
  private let requested: Backend?
  private let families: [AddressFamily]

  /// - Parameter requested: nil: what the namespace uses already, or what works.
  package init(_ options: RedirectOptions, backend requested: Backend? = nil, ipv6: IPv6 = .auto) {
    self.options = options
    self.requested = requested
    let hasIPv6 =
      switch ipv6 {
      case .auto: NamespaceReader.hasIPv6
      case .always: true
      case .never: false
      }
    families = hasIPv6 ? [.ipv4, .ipv6] : [.ipv4]
  }

  /// The rules as they are to be; loads them where they are not. To be called with the ``NamespaceLock``.
  package func apply() throws(RedirectError) -> RedirectReport {
    try check()
    return try Self.persistently { () throws(RedirectError) in try applyOnce() }
  }

  /// Whoever else changes a table at the same moment makes the kernel refuse; then there is something new to see.
  private static func persistently<Result>(
    _ body: () throws(RedirectError) -> Result
  ) throws(RedirectError) -> Result {
    var attempt = 1
    while true {
      do throws(RedirectError) {
        return try body()
      } catch {
        guard case .failed = error, attempt < 3 else { throw error }
        attempt += 1
      }
    }
  }

  private func applyOnce() throws(RedirectError) -> RedirectReport {
    let loader = RuleLoader(reader: NamespaceReader(programs: Programs()))
    let view = try loader.reader.view(needing: families)
    let chosen = try loader.choose(view, ruleSets, requested)
    let plan = RedirectPlan(states: view.states, chosen: chosen, rules: ruleSets)
    for step in plan.steps { try loader.load(step) }
    return report(chosen, plan)
  }

  /// What ``apply()`` would load. Where nothing can be looked at, as if nothing were there.
  package func preview() throws(RedirectError) -> RedirectReport {
    try check()
    let view = try? NamespaceReader(programs: Programs()).view(needing: families)
    let candidates = BackendChoice.candidates(view?.findings ?? [], requested: requested)
    let chosen = candidates.first ?? .iptablesNFT
    var states = view?.states ?? []
    for family in families where view?.state(chosen, family) == nil {
      states.append(.empty(chosen, family))
    }
    return report(chosen, RedirectPlan(states: states, chosen: chosen, rules: ruleSets))
  }

  /// Nothing of ours remains, whatever loaded it. To be called with the ``NamespaceLock``.
  package static func cleanUp() throws(RedirectError) -> RedirectReport {
    try persistently { () throws(RedirectError) in try cleanUpOnce() }
  }

  private static func cleanUpOnce() throws(RedirectError) -> RedirectReport {
    let loader = RuleLoader(reader: NamespaceReader(programs: Programs()))
    let view = try loader.reader.view(needing: AddressFamily.allCases)
    if view.states.isEmpty { throw .noBackend(view.findings) }
    let plan = RedirectPlan(states: view.states, chosen: nil, rules: [])
    for step in plan.steps { try loader.load(step) }
    // nft sees what iptables has in nf_tables too.
    let seen: [Backend] = view.findings.contains { $0.backend == .nft && $0.problem == nil } ? [.iptablesNFT] : []
    let warnings = view.findings.filter { !seen.contains($0.backend) }.compactMap { finding in
      finding.problem.map { "\(finding.backend.rawValue) could not be looked at: \($0)" }
    }
    return RedirectReport(backend: nil, families: [], steps: plan.steps, account: [], warnings: warnings)
  }

  private var ruleSets: [RuleSet] { families.map { RuleSet(options, $0) } }

  private func check() throws(RedirectError) {
    let problems = options.problems
    guard problems.isEmpty else { throw .invalid(problems) }
  }

  private func report(_ backend: Backend, _ plan: RedirectPlan) -> RedirectReport {
    RedirectReport(
      backend: backend,
      families: families,
      steps: plan.steps,
      account: options.account(families),
      warnings: options.warnings
    )
  }
}
