import ArgumentParser
import Foundation
import KubernetesObjects
import SidecarSettings
import XDSTranslation

struct DumpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Show what a control plane's resources become in APISIX.",
    discussion: """
      Reads captured responses of xDS (a DiscoveryResponse in each file, or a directory of them), or asks a control plane \
      as the sidecar of a Pod would, and prints APISIX's objects as JSON, each with what it stands for (`for`, which APISIX \
      does not see), and everything that is not done as Envoy would and why. The Pod is the one that the variables of the sidecar name: POD_NAME, POD_NAMESPACE, POD_IP and so on.

      Examples:
        amesh dump --from capture/
        POD_NAME=cart POD_NAMESPACE=shop POD_IP=10.9.0.1 amesh dump --from grpc://127.0.0.1:15010
        amesh dump --from capture/ --findings

      Exit codes: 0 done, 64 wrong flags, 65 a file that is no response, 66 a file that cannot be read, 69 a control \
      plane that does not answer in time.
      """
  )

  @Option(help: "A file or directory of captured responses, or grpc://HOST:PORT or grpcs://HOST:PORT.")
  var from: String

  @Flag(help: "Only what is not done as Envoy would, and where.")
  var findings = false

  @Option(help: "How many seconds a control plane has to say everything.")
  var timeout = 20

  func validate() throws {
    guard (1...3600).contains(timeout) else { throw ValidationError("--timeout takes 1 to 3600 seconds") }
  }

  func run() async throws {
    try await reportingFailure {
      let dump = from.contains("://") ? try await asked() : try CapturedResponses(path: from).dump()
      Console.print(findings ? dump.lines : dump.text)
      for problem in dump.problems { Console.error(problem) }
    }
  }

  private func asked() async throws -> MeshDump {
    let source: XDSSource
    do {
      source = try XDSSource(parsing: from)
    } catch {
      throw Failure(.usage, "--from: \(error)")
    }
    let settings = SidecarSettings(environment: ProcessInfo.processInfo.environment)
    return try await AskedResources(source: source, settings: settings, limit: .seconds(timeout)).dump()
  }
}
