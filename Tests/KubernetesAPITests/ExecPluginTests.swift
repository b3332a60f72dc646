import AmeshTesting
import Foundation
import KubernetesObjects
import KubernetesTesting
import NIOConcurrencyHelpers
import Testing

@testable import KubernetesAPI

/// Real processes.
@Suite(.timeLimit(.minutes(1))) struct ExecPluginTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func plugin(_ script: String) throws -> ExecPlugin {
    // Given to the shell, since no file can be executed that another test's fork still holds open for writing.
    let path = try folder.write("plugin", script)
    return ExecPlugin(
      version: .v1,
      command: "/bin/sh",
      arguments: [path, "one", "t wo"],
      environment: ["MINE": "yes"],
      wantsClusterInfo: true
    )
  }

  private func run(_ plugin: ExecPlugin, limit: Duration = .seconds(20)) async throws(APIError) -> ExecCredential {
    let connection = ClusterConnection(
      server: "https://127.0.0.1:1",
      certificateAuthority: .inline(Array("ca".utf8)),
      tlsServerName: "kubernetes"
    )
    return try await plugin.run(
      for: connection,
      environment: ["PATH": "/usr/bin:/bin", "OURS": "yes"],
      timeLimit: limit
    )
  }

  private func problem(_ script: String, limit: Duration = .seconds(20)) async throws -> String {
    let plugin = try plugin(script)
    do throws(APIError) {
      _ = try await run(plugin, limit: limit)
    } catch {
      guard case .transport(let problem) = error else { return "\(error)" }
      #expect(problem.kind == .credentials)
      return problem.message
    }
    return "nothing"
  }

  private static func answer(_ status: String, version: String = "v1") -> String {
    #"echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/\#(version)","status":\#(status)}'"#
  }

  @Test func `the program gets arguments, environment and the question`() async throws {
    let script = #"printf '%s|%s|%s|%s|%s' "$1" "$2" "$MINE" "$OURS" "$KUBERNETES_EXEC_INFO" > "$0.seen""#
    let found = try await run(try plugin("\(script)\n\(Self.answer(#"{"token":"abc"}"#))"))
    #expect(found.token == "abc" && found.expires == nil)
    let seen = try String(contentsOfFile: "\(folder.path)/plugin.seen", encoding: .utf8).split(separator: "|")
    #expect(seen.prefix(4) == ["one", "t wo", "yes", "yes"])
    let question = try JSONValue(parsing: Array(seen[4].utf8))
    #expect(question["apiVersion"] == "client.authentication.k8s.io/v1")
    #expect(question["spec"]?["interactive"] == false)
    #expect(
      question["spec"]?["cluster"]
        == ["server": "https://127.0.0.1:1", "tls-server-name": "kubernetes", "certificate-authority-data": "Y2E="]
    )
  }

  @Test func `a certificate and an end are read`() throws {
    let text = #"""
      {"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1",
       "status":{"clientCertificateData":"cert","clientKeyData":"key","expirationTimestamp":"2026-03-04T05:06:07Z"}}
      """#
    let credential = try ExecCredential(Array(text.utf8), version: .v1beta1)
    #expect(credential.certificate == Array("cert".utf8) && credential.key == Array("key".utf8))
    #expect(credential.expires == Date(timeIntervalSince1970: 1_772_600_767))
    #expect(throws: ExecCredential.Problem.self) { try ExecCredential(Array(text.utf8), version: .v1) }
  }

  @Test(arguments: [
    ("echo hello", "no JSON"), ("echo '{}'", "no ExecCredential"), (answer("{}"), "neither a token nor a certificate"),
    (answer(#"{"token":"x"}"#, version: "v1beta1"), "make them one"),
    (answer(#"{"token":"x","expirationTimestamp":"soon"}"#), "no time"), ("exit 3", "status 3"),
    ("head -c 2000000 /dev/zero", "more than"), ("kill -9 $$", "status 9"),
  ])
  func `what does not work is told`(script: String, word: String) async throws {
    let problem = try await problem(script)
    #expect(problem.contains(word), "\(problem)")
  }

  @Test(arguments: ["exec sleep 100", "exec >&-; exec sleep 100", "while :; do echo x; done"])
  func `its time is limited`(script: String) async throws {
    let problem = try await problem("echo $$ > \"$0.pid\"\n\(script)", limit: .milliseconds(300))
    #expect(problem.contains("in time") || problem.contains("within") || problem.contains("more than"), "\(problem)")
  }

  @Test func `a program that is not there is told with its vendor's hint`() async throws {
    var missing = ExecPlugin(version: .v1, command: "amesh-no-such-program", installHint: "install it")
    for command in ["amesh-no-such-program", "\(folder.path)/none"] {
      missing.command = command
      await #expect(
        throws: APIError.transport(
          TransportError(.credentials, "exec plugin \(command): there is no such program; install it")
        )
      ) { try await run(missing) }
    }
    #expect(ExecPlugin.find("sh", in: "/nowhere:/usr/bin:/bin")?.hasSuffix("/sh") == true)
  }

  @Test func `a credential is kept until shortly before its end, and asked for anew when it is refused`() async throws {
    let script = """
      echo x >> "$0.runs"
      n=$(wc -l < "$0.runs")
      printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t%s","expirationTimestamp":"1970-01-01T01:00:00Z"}}' $((n + 0))
      """
    let clock = ManualClock()
    let wall = NIOLockedValueBox(Date(timeIntervalSince1970: 0))
    let credentials = Credentials(
      ClusterConnection(server: "http://127.0.0.1:1", user: ClusterUser(plugin: try plugin(script))),
      environment: [:],
      time: Timekeeper(clock),
      wallClock: { wall.withLockedValue { $0 } },
      pluginTimeLimit: .seconds(20)
    )
    // Many at once are one.
    let tokens = try await withThrowingTaskGroup(of: String?.self) { tasks in
      for _ in 0..<8 { tasks.addTask { try await credentials.current().token } }
      return try await tasks.reduce(into: Set<String?>()) { $0.insert($1) }
    }
    #expect(tokens == ["t1"])
    clock.advance(by: .seconds(3000))
    wall.withLockedValue { $0 = Date(timeIntervalSince1970: 3000) }
    #expect(try await credentials.current().token == "t1")
    wall.withLockedValue { $0 = Date(timeIntervalSince1970: 3591) }
    let second = try await credentials.current()
    #expect(second.token == "t2")
    wall.withLockedValue { $0 = Date(timeIntervalSince1970: 0) }
    #expect(try await credentials.renewed(after: second))
    #expect(try await credentials.current().token == "t3")
    // Whoever was refused with what is replaced already has something new to show.
    #expect(try await credentials.renewed(after: second))
    #expect(try await credentials.current().token == "t3")
  }
}
