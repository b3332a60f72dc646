import AuthorityAdministration
import CertificateAuthority
import Foundation

/// An authority as a person reads it.
struct AuthorityPrinter {
  let now: Date
  let descriptor: Int32

  private var certificates: CertificatePrinter { CertificatePrinter(now: now, descriptor: descriptor) }

  func text(_ status: AuthorityStatus) -> String {
    var lines = [style(.bold, status.trustDomain), "  " + fact("kept in", status.custody)]
    lines.append("  " + fact("state", "generation \(status.generation), rotation \(status.rotation.rawValue)"))
    if let replica = status.replica {
      let readiness = status.isReady == true ? style(.green, "issues") : style(.red, "can't issue")
      lines.append("  " + fact("server", "\(replica), \(readiness)"))
    }
    lines += ["", style(.bold, "roots")]
    lines += status.roots.map(text)
    if !status.intermediates.isEmpty {
      lines += ["", style(.bold, "intermediates")] + status.intermediates.map(text)
    }
    return (lines + [""] + outlook(status)).joined(separator: "\n")
  }

  func text(_ report: RotationReport) -> String {
    var lines = report.done.isEmpty ? ["Nothing was left to be done now."] : report.done
    if let problem = report.problem { lines.append(style(.yellow, "! ") + "what follows is tried again: \(problem)") }
    return (lines + [""] + outlook(report.status)).joined(separator: "\n")
  }

  func text(_ root: AuthorityStatus.Root) -> String {
    let since = [root.retired, root.superseded, root.activated].compactMap(\.self).first ?? root.prepared
    let period = ValidityPeriod(notBefore: root.notBefore, notAfter: root.notAfter)
    var lines = [
      "  \(style(colour(root.phase), root.phase.rawValue)) \(root.id)",
      "    " + fact("since", Self.time(since)),
      "    " + fact("SHA-256", root.fingerprint),
    ]
    if root.phase != .retired {
      lines.append("    " + fact("valid", "\(Self.time(root.notBefore)) to \(Self.time(root.notAfter))"))
      lines.append("    " + fact("", certificates.bar(period)))
    }
    return lines.joined(separator: "\n")
  }

  private func text(_ intermediate: AuthorityStatus.Intermediate) -> String {
    let period = ValidityPeriod(notBefore: intermediate.recorded, notAfter: intermediate.notAfter)
    let life = intermediate.dropped.map { "signs no more since \(Self.time($0))" } ?? certificates.bar(period)
    return """
        \(intermediate.id) of \(intermediate.replica)
          \(fact("under", intermediate.root))
          \(fact("", life))
      """
  }

  /// What is waited for, what ends first, what is to be done.
  private func outlook(_ status: AuthorityStatus) -> [String] {
    var lines: [String] = []
    if !status.holds.isEmpty {
      lines.append(style(.bold, "waits"))
      lines += status.holds.map { hold in
        "  \(style(.yellow, "! "))\(hold.text)"
          + (hold.until.map { " (\(span(to: $0)))" } ?? "")
      }
      lines.append("")
    }
    if let (what, end) = status.soonestEnd {
      lines.append(fact("ends first", "\(what): \(Self.time(end)) (\(span(to: end)))"))
    }
    lines.append(fact("next", status.next))
    return lines
  }

  private func fact(_ name: String, _ value: String) -> String {
    style(.dim, name.padding(toLength: 11, withPad: " ", startingAt: 0)) + value
  }

  private func span(to date: Date) -> String {
    let rest = date.timeIntervalSince(now)
    return rest < 0 ? "\(CertificatePrinter.span(-rest)) ago" : "in \(CertificatePrinter.span(rest))"
  }

  private func colour(_ phase: AuthorityRoot.Phase) -> Style {
    switch phase {
    case .prepared, .superseded: .yellow
    case .active: .green
    case .retired: .dim
    }
  }

  private func style(_ style: Style, _ text: String) -> String { style.apply(text, on: descriptor) }

  private static func time(_ date: Date) -> String { CertificatePrinter.time(date) }
}
