import ArgumentParser
import Foundation
import Injection
import KubernetesObjects
import ManifestInjection

struct InjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inject",
    abstract: "Put the sidecar into manifests, as the webhook does when a Pod is created.",
    discussion: """
      Reads Pods and everything that holds a Pod template (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, \
      CronJob, objects of operators with a template in the same place), in Lists too, and prints all objects in their \
      order; those without Pods pass through untouched. What happened to each Pod is told on standard error.

      A namespace that the manifest describes counts with its labels; any other is taken as labelled for injection.

      Examples:
        amesh inject -f deployment.yaml | kubectl apply -f -
        kubectl get deploy web -o yaml | amesh inject -f - --kubernetes-version 1.28
        amesh inject -f manifests/ -o patch

      Exit codes: 0 done, 1 a Pod was denied, 64 wrong flags or configuration, 65 a manifest can't be parsed, \
      66 a file can't be read.
      """
  )

  enum Output: String, ExpressibleByArgument, CaseIterable {
    case yaml, json, patch
  }

  @OptionGroup var files: ManifestFiles
  @OptionGroup var mesh: OfflineMesh

  @Option(name: .shortAndLong, help: "yaml or json: the objects; patch: a JSON patch (RFC 6902) for each.")
  var output = Output.yaml

  @Flag(name: .shortAndLong, help: "Tell nothing on standard error but warnings and denials.")
  var quiet = false

  func validate() throws { try files.require() }

  func run() async throws {
    try await reportingFailure {
      let injector = try mesh.manifestInjector()
      let (objects, reports) = injector.inject(try files.read())
      switch output {
      case .yaml: OutputFormat.yaml.print(objects)
      case .json: OutputFormat.json.print(objects)
      case .patch:
        let patches = JSONValue.array(reports.map(\.patchObject))
        Console.print(String(decoding: patches.serialized(indent: 2), as: UTF8.self))
      }
      for report in reports {
        if !quiet || report.outcome.verdict == .denied { Console.error(report.line) }
        for warning in report.outcome.warnings { Console.error("  warning: \(warning)") }
      }
      if !quiet { Console.error(Self.summary(objects.count, reports.map(\.outcome.verdict))) }
      if reports.contains(where: { $0.outcome.verdict == .denied }) { throw ExitCode(1) }
    }
  }

  private static func summary(_ objects: Int, _ verdicts: [InjectionOutcome.Verdict]) -> String {
    let counts = InjectionOutcome.Verdict.allCases.map { verdict in
      "\(verdicts.filter { $0 == verdict }.count) \(verdict.rawValue)"
    }
    return "\(objects) objects, \(verdicts.count) Pods: \(counts.joined(separator: ", "))"
  }
}

extension ManifestInjector.Report {
  var line: String {
    let style: Style =
      switch outcome.verdict {
      case .injected: .green
      case .skipped: .yellow
      case .denied: .red
      }
    let verdict = style.apply(outcome.verdict.rawValue, on: STDERR_FILENO)
    return
      "\(verdict) \(workload.kind)/\(workload.name) in \(namespace): \(outcome.message) [\(outcome.reason.rawValue)]"
  }

  fileprivate var patchObject: JSONValue {
    [
      "kind": .string(workload.kind), "name": .string(workload.name), "namespace": .string(namespace),
      "verdict": .string(outcome.verdict.rawValue), "reason": .string(outcome.reason.rawValue), "patch": patch.value,
    ]
  }
}
