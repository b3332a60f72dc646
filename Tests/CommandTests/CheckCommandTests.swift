import AmeshTesting
import ClusterDiagnosis
import Foundation
import KubernetesObjects
import Testing

@testable import amesh

@Suite(.timeLimit(.minutes(3)))
struct CheckCommandTests {
  @Test func `A diagnosis is told section by section, with cures, and steers no terminal`() {
    let diagnosis = Diagnosis(findings: [
      .ok(.server, "answers"), .failure(.leader, "amesh\u{1b}[2J\nleads not", cure: "look"),
      .warning(.controlPlane, "one is not ready", cure: "wait"),
    ])
    let text = DiagnosisPrinter(descriptor: -1).text(diagnosis)
    #expect(
      text == """
        API server
          ✔ answers

        control plane
          ! one is not ready
              → wait

        leader
          ✘ amesh\u{FFFD}[2J\u{FFFD}leads not
              → look

        1 ok, 1 to look at, 1 failed
        """
    )
  }

  @Test func `Without an API server it says so, and ends with 69`() async throws {
    let folder = try TemporaryFolder()
    let kubeconfig = try folder.write(
      "kubeconfig",
      """
      apiVersion: v1
      kind: Config
      current-context: one
      clusters: [{ name: one, cluster: { server: "https://127.0.0.1:1" } }]
      users: [{ name: one, user: { token: t } }]
      contexts: [{ name: one, context: { cluster: one, user: one } }]
      """
    )
    let result = try await RunningCommand.run(["check", "--output", "json", "--kubeconfig", kubeconfig])
    #expect(result.status == 69, "\(result.error)")
    let json = try JSONValue(parsing: Array(result.output.utf8))
    #expect(json["result"] == "failure")
    #expect(json["findings"]?.array?.count == 1)
    let chosen = try await RunningCommand.run(["check"], environment: ["KUBECONFIG": kubeconfig])
    #expect(chosen.status == 69)
    #expect(chosen.output.contains("✘ does not answer"))
  }

  @Test(arguments: [
    ["--kubeconfig", "/none/such"], ["--revision", "Not A Label"], ["--namespace", "../etc"], ["--context", "x"],
  ])
  func `What leads to no cluster ends with 64`(_ arguments: [String]) async throws {
    let result = try await RunningCommand.run(["check"] + arguments)
    #expect(result.status == 64, "\(result.error)")
    #expect(!result.error.isEmpty)
  }
}
