import ArgumentParser
import Foundation
import Injection
import ManifestInjection

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Tell for each Pod whether it gets a sidecar, why, and which settings from where.",
    discussion: """
      Prints the row of the truth table that applies to each Pod, then every setting with its source: the mesh's \
      configuration, an annotation of the namespace or of the Pod, or what the cluster can do.

      `amesh explain --table` prints the truth table itself.

      Examples:
        amesh explain -f deployment.yaml
        kubectl get pod web -o yaml | amesh explain -f - --namespace-label \(MeshNames.injectionLabel)=enabled

      Exit codes: 0 every Pod gets a sidecar, 1 a Pod is denied, 3 a Pod is skipped, 64 wrong flags or configuration, \
      65 a manifest can't be parsed, 66 a file can't be read.
      """
  )

  @OptionGroup var files: ManifestFiles

  @Flag(name: .long, help: "Print the truth table: which row of labels and properties leads to which verdict.")
  var table = false

  @OptionGroup var mesh: OfflineMesh

  func validate() throws {
    guard table || !files.paths.isEmpty else {
      throw ValidationError("name a manifest with -f, or ask for the truth table with --table")
    }
  }

  func run() async throws {
    try await reportingFailure {
      if table { return Console.print(Self.truthTable) }
      let (_, reports) = try mesh.manifestInjector().inject(try files.read())
      for report in reports { Console.print(report.text + "\n") }
      let verdicts = reports.map(\.outcome.verdict)
      if verdicts.contains(.denied) { throw ExitCode(1) }
      if verdicts.contains(.skipped) { throw ExitCode(3) }
    }
  }

  private static var truthTable: String {
    let width = InjectionReason.allCases.map(\.rawValue.count).max() ?? 0
    return InjectionReason.allCases.map { reason in
      let name = reason.rawValue.padding(toLength: width, withPad: " ", startingAt: 0)
      let verdict = reason.verdict.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
      return "\(verdict)  \(name)  \(reason.summary)\n"
    }.joined()
  }
}

extension ManifestInjector.Report {
  fileprivate var text: String {
    var lines = [line]
    lines += outcome.warnings.map { "  warning: \($0)" }
    let width = explanation.settings.map(\.name.count).max() ?? 0
    lines += explanation.settings.map { setting in
      let name = setting.name.padding(toLength: width, withPad: " ", startingAt: 0)
      let source = setting.source.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
      return "  \(name)  \(source)  \(setting.value)"
    }
    return lines.joined(separator: "\n")
  }
}
