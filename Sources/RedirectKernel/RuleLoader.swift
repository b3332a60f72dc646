import Redirect

/// Finds the backend that works, and calls it.
struct RuleLoader {
  let reader: NamespaceReader

  /// The first of the candidates that the kernel takes rules from.
  func choose(_ view: NamespaceReader.View, _ rules: [RuleSet], _ requested: Backend?) throws(RedirectError) -> Backend
  {
    var findings = view.findings
    for backend in BackendChoice.candidates(findings, requested: requested) {
      let problem = try problem(backend, view, rules)
      guard let problem else { return backend }
      if backend == requested { throw .unusable(backend, problem.family, problem.text) }
      for index in findings.indices where findings[index].backend == backend {
        findings[index].problem = "\(problem.family.name): \(problem.text)"
      }
    }
    throw .noBackend(findings)
  }

  private func problem(
    _ backend: Backend,
    _ view: NamespaceReader.View,
    _ rules: [RuleSet]
  ) throws(RedirectError) -> (family: AddressFamily, text: String)? {
    for rules in rules {
      guard let state = view.state(backend, rules.family) else {
        return (rules.family, view.findings.first { $0.backend == backend }?.problem ?? "it can't be used")
      }
      // What it holds it has taken, and nothing has to be taken where there are no rules.
      if state.content.holdsOurs || rules.isEmpty { continue }
      do throws(RedirectError) {
        if let text = try probe(backend, rules) { return (rules.family, text) }
      } catch {
        return (rules.family, try NamespaceReader.problem(error))
      }
    }
    return nil
  }

  /// Nil: the kernel takes such rules.
  private func probe(_ backend: Backend, _ rules: RuleSet) throws(RedirectError) -> String? {
    let family = rules.family
    let features = BackendProbe.features(rules)
    let outcome = try run(backend, family, BackendProbe.input(backend, family, features))
    if outcome.status == 0 { return nil }
    var failed: [BackendProbe.Feature] = []
    for feature in features {
      let alone = try run(backend, family, BackendProbe.input(backend, family, [feature]))
      if alone.status != 0 { failed.append(feature) }
    }
    return NamespaceReader.refused(backend, family, failed: failed, said: outcome.said)
  }

  func load(_ step: RedirectReport.Step) throws(RedirectError) {
    guard !step.input.isEmpty else { return }
    let outcome = try run(step.backend, step.family, step.input)
    guard outcome.status == 0 else {
      throw .failed(
        program: "\(step.backend.rawValue) (\(step.family.name))",
        status: outcome.status,
        output: outcome.said
      )
    }
  }

  private func run(_ backend: Backend, _ family: AddressFamily, _ input: String) throws(RedirectError)
    -> Program.Outcome
  {
    if backend == .nft { return try Program(path: reader.nft(family), arguments: ["-f", "-"]).run(input: input) }
    let pair = try reader.pair(backend, family)
    return try Program(path: pair.restore, arguments: ["--noflush"]).run(input: input)
  }
}
