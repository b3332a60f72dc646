import Redirect

/// What a run has done, for a person.
enum RedirectPrinter {
  static func text(_ report: RedirectReport, isDryRun: Bool) -> String {
    var lines = isDryRun ? report.account.map { "# \($0)" } : []
    for step in report.steps {
      let name = "\(step.family.name) (\(step.backend.rawValue))"
      if isDryRun {
        lines.append("# \(name): \(prospect(step.action))")
        if !step.input.isEmpty { lines.append(step.input) }
      } else {
        lines.append("\(name): \(past(step.action))")
      }
    }
    if report.steps.isEmpty { lines.append("there is nothing of ours") }
    lines += report.probes.map { "\($0.outcome.rawValue): \($0.what): \($0.detail)" }
    return lines.joined(separator: "\n")
  }

  private static func past(_ action: RedirectReport.Action) -> String {
    switch action {
    case .created: "rules loaded"
    case .unchanged: "rules are as they should be already"
    case .replaced: "rules replaced"
    case .removed: "rules removed"
    case .absent: "no rules needed, and none there"
    }
  }

  private static func prospect(_ action: RedirectReport.Action) -> String {
    switch action {
    case .created: "would load"
    case .unchanged: "the rules are as they should be already"
    case .replaced: "would replace our rules"
    case .removed: "would remove our rules"
    case .absent: "no rules needed, and none there"
    }
  }
}
