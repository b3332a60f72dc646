import ArgumentParser
import ClusterDiagnosis
import ClusterInspection
import Foundation
import KubernetesAPI
import KubernetesObjects

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Diagnose the mesh in a cluster: what is right, what is wrong, and what to do.",
    discussion: """
      Reads the cluster and changes nothing. It looks at the control plane, its webhooks and what they show, certificates, \
      the trust bundle in each namespace, who leads, permissions, labels, other meshes, and at each Pod that should have a \
      sidecar. What may not be read is told as a warning.

      The cluster is that of --kubeconfig, of KUBECONFIG, the one that this is a Pod of, or of ~/.kube/config.

      Examples:
        amesh check
        amesh check --revision canary --context staging
        amesh check --output json | jq '.findings[] | select(.level == "failure")'

      Exit codes: 0 nothing has failed, 1 something has, 64 wrong usage or no way to a cluster, 69 the API server does not \
      answer.
      """
  )

  @Option(name: [.customShort("n"), .long], help: "Where the control plane runs.")
  var namespace = "amesh-system"

  @Option(help: "The control plane's revision.")
  var revision = "default"

  @Option(help: "The kubeconfig file, instead of KUBECONFIG.")
  var kubeconfig: String?

  @Option(help: "The kubeconfig's context, instead of its current one.")
  var context: String?

  @Flag(help: "Ask an API server whose certificate the kubeconfig says not to verify.")
  var insecure = false

  @Option(name: [.customShort("o"), .long], help: "text or json.")
  var output = AuthorityOutput.text

  func validate() throws {
    for (flag, value) in [("--namespace", namespace), ("--revision", revision)] {
      guard KubernetesName.isLabel(value) else {
        throw ValidationError("\(flag) \(value): use lower-case letters, digits and hyphens, at most 63")
      }
    }
  }

  func run() async throws {
    try await reportingFailure {
      let diagnosis = await Diagnosis.of(try await snapshot())
      switch output {
      case .text: Console.print(DiagnosisPrinter(descriptor: STDOUT_FILENO).text(diagnosis))
      case .json: Console.print(String(decoding: diagnosis.json.serialized(indent: 2), as: UTF8.self))
      }
      if diagnosis.findings.contains(where: { $0.section == .server && $0.level == .failure }) {
        throw ExitCode(Failure.Status.unavailable.rawValue)
      }
      if diagnosis.worst == .failure { throw ExitCode(Failure.Status.failed.rawValue) }
    }
  }

  private func snapshot() async throws -> ClusterSnapshot {
    let environment = ProcessInfo.processInfo.environment
    var settings = ClientConfiguration()
    settings.userAgent = "amesh-check/\(Version.current)"
    // Someone waits for it.
    settings.requestTimeout = .seconds(15)
    settings.connectTimeout = .seconds(5)
    settings.retry.attempts = 2
    let client: HTTPKubernetesClient
    do throws(ClusterConnectionError) {
      let connection = try ClusterConnection.find(
        kubeconfig: kubeconfig,
        context: context,
        environment: environment,
        allowingInsecure: insecure
      )
      client = try HTTPKubernetesClient(connection, configuration: settings, environment: environment)
    } catch {
      throw Failure(.usage, error.description)
    }
    let probe = WebhookProber(isInCluster: environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false)
    let inspector = ClusterInspector(
      client: client,
      subject: DiagnosisSubject(namespace: namespace, revision: revision),
      version: Version.current,
      probe: { await probe.look(at: $0) }
    )
    let snapshot = await inspector.snapshot()
    await client.shutdown()
    return snapshot
  }
}
