import ArgumentParser
import Foundation
import ManifestInjection

struct UninjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uninject",
    abstract: "Take the sidecar out of manifests again.",
    discussion: """
      The inverse of `amesh inject`, guided by the status annotation of each Pod: containers, volumes, labels and \
      annotations of the mesh go, probes and whatever was replaced come back. Pods without the annotation stay as they \
      are.

      Examples:
        kubectl get deploy web -o yaml | amesh uninject -f -

      Exit codes: 0 done, 65 a manifest can't be parsed, 66 a file can't be read.
      """
  )

  @OptionGroup var files: ManifestFiles

  @Option(name: .shortAndLong, help: "yaml or json.")
  var output = OutputFormat.yaml

  func validate() throws { try files.require() }

  func run() async throws {
    try await reportingFailure {
      let (objects, reports) = ManifestUninjector.uninject(try files.read())
      output.print(objects)
      for report in reports {
        let what = report.wasInjected ? "restored" : "untouched: it bears no status of an injection"
        Console.error("\(report.workload.kind)/\(report.workload.name): \(what)")
      }
    }
  }
}
