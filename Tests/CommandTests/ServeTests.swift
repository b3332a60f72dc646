import AsyncHTTPClient
import Foundation
import KubernetesObjects
import NIOHTTP1
import NIOSSL
import Testing

/// `amesh serve` as a real process.
@Suite(.timeLimit(.minutes(3)))
struct ServeTests {
  private let directory: Scratch

  init() throws { directory = try Scratch() }

  private func serve(
    _ arguments: [String] = [],
    ports: [String: Int] = [:],
    state: String = "state",
    environment: [String: String] = [:]
  ) throws -> RunningCommand {
    var flags = ["serve", "--state-directory", directory.path(state), "--log-format", "json"]
    for name in ["admin", "webhook", "identity"] { flags += ["--\(name)-port", "\(ports[name] ?? 0)"] }
    return try RunningCommand(flags + arguments, environment: environment)
  }

  @Test func `The admin port answers, and the webhook reviews`() async throws {
    let command = try serve()
    let admin = "http://127.0.0.1:\(try await command.port(of: "admin"))"
    let webhook = try await command.port(of: "webhook")
    #expect(try await request("\(admin)/healthz").body == "ok\n")
    #expect(try await request("\(admin)/").body.contains("/readyz"))
    #expect(try await request("\(admin)/nothing").status == 404)
    let post = try await request("\(admin)/config", method: .POST, body: "{}")
    #expect(post.status == 405)
    #expect(post.headers.first(name: "allow") == "GET, HEAD")
    try await eventually("ready") { try await request("\(admin)/readyz").status == 200 }
    let config = try await request("\(admin)/config")
    #expect(config.headers.first(name: "content-type") == "application/json")
    #expect(try JSONValue(parsing: Array(config.body.utf8))["mesh"]?["trustDomain"] == "cluster.local")

    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .file(directory.path("state/serving/ca.crt"))
    let client = HTTPClient(configuration: HTTPClient.Configuration(tlsConfiguration: tls))
    let review = """
      {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u-1",
      "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
      "operation": "CREATE", "namespace": "shop", "object": {"apiVersion": "v1", "kind": "Pod",
      "metadata": {"name": "web"}, "spec": {"containers": [{"name": "app", "image": "app:1"}]}}}}
      """
    let answer = try await request(
      "https://localhost:\(webhook)/inject?timeout=5s",
      method: .POST,
      body: review,
      client: client
    )
    try await client.shutdown()
    #expect(answer.status == 200)
    #expect(try JSONValue(parsing: Array(answer.body.utf8))["response"]?["uid"] == "u-1")

    let metrics = try await request("\(admin)/metrics")
    #expect(metrics.headers.first(name: "content-type") == "text/plain; version=0.0.4; charset=utf-8")
    for line in [
      "amesh_configuration_generation 1", "# TYPE amesh_injection_duration_seconds histogram",
      "# TYPE process_resident_memory_bytes gauge", "amesh_build_info{version=",
      "amesh_injection_duration_seconds_count 1", "amesh_injection_requests_total{",
    ] {
      #expect(metrics.body.contains(line), "\(line)")
    }

    command.send(SIGTERM)
    let result = try await command.wait()
    #expect(result.status == 0)
    #expect(result.output.isEmpty)
    let attributes = try FileManager.default.attributesOfItem(atPath: directory.path("state"))
    #expect(attributes[.posixPermissions] as? Int == 0o700)
  }

  @Test func `A new self-made CA is told of, at the start and later, and the first is not`() async throws {
    func isWarning(_ event: JSONValue) -> Bool {
      event["message"]?.string?.hasPrefix("the self-made CA is a new one") == true
    }
    let first = try serve()
    _ = try await first.port(of: "webhook")
    first.send(SIGTERM)
    #expect(try await first.wait().status == 0)
    #expect(!first.events.contains(where: isWarning))

    let second = try serve(["--set", "server.webhook.names=example.com"])
    _ = try await second.port(of: "webhook")
    let warning = try await second.event("a new CA", where: isWarning)
    #expect(warning["ca"]?.string == directory.path("state/serving/ca.crt"))
    let authority = try Data(contentsOf: URL(filePath: directory.path("state/serving/ca.crt")))
    try FileManager.default.removeItem(atPath: directory.path("state/serving/tls.key"))
    try await second.event("the new certificate") { $0["message"]?.string == "Serving a new certificate" }
    #expect(second.events.count(where: isWarning) == 2)
    #expect(try Data(contentsOf: URL(filePath: directory.path("state/serving/ca.crt"))) != authority)
    second.send(SIGTERM)
    #expect(try await second.wait().status == 0)
  }

  @Test func `A signal that comes while it starts ends it in good order`() async throws {
    let command = try serve()
    // Its first line: nothing listens yet.
    try await command.event("the start") { $0["message"]?.string == "starting" }
    command.send(SIGTERM)
    #expect(try await command.wait().status == 0)
    #expect(command.events.last?["message"]?.string == "ended")
  }

  @Test func `A changed file is taken over, a bad one is not`() async throws {
    // As a ConfigMap is mounted: the file is reached by a symbolic link to a directory that is swapped.
    try directory.swap("..data", to: ["mesh.yaml": Self.mesh("controlPlane: {xdsSource: https://one.example:1}")])
    try FileManager.default.createSymbolicLink(
      atPath: directory.path("mesh.yaml"),
      withDestinationPath: "..data/mesh.yaml"
    )
    let command = try serve(["--config", directory.path("mesh.yaml"), "--set", "mesh.trustDomain=set.example"])
    let admin = "http://127.0.0.1:\(try await command.port(of: "admin"))"
    func source() async throws -> JSONValue? {
      let mesh = try JSONValue(parsing: Array(try await request("\(admin)/config").body.utf8))["mesh"]
      return mesh?["controlPlane"]?["xdsSource"]
    }
    #expect(try await source() == "https://one.example:1")

    try directory.swap("..data", to: ["mesh.yaml": Self.mesh("controlPlane: {xdsSource: https://two.example:1}")])
    try await eventually("the good one") { try await source() == "https://two.example:1" }
    #expect(try await request("\(admin)/config").body.contains("set.example"))
    try await eventually("generation") {
      try await request("\(admin)/metrics").body.contains("amesh_configuration_generation 2\n")
    }

    try directory.swap("..data", to: ["mesh.yaml": Self.mesh("revision: three\n  unknown: 1\n  trustDomain: 5")])
    try await command.event("the bad one") {
      $0["level"] == "error" && $0["problem"]?.string?.contains("mesh.unknown: unknown key") ?? false
    }
    try directory.swap("..data", to: ["mesh.yaml": Self.mesh("revision: x\nserver: {admin: {prt: 1}}")])
    try await command.event("another bad one") { $0["problem"]?.string?.contains("did you mean port?") ?? false }
    let patch =
      "injection: {patches: {p: {container: proxy, operations: [{op: remove, path: /nope}]}}, defaultPatches: [p]}"
    try directory.swap("..data", to: ["mesh.yaml": Self.mesh("revision: z\n  \(patch)")])
    try await command.event("a bad patch") { $0["problem"]?.string?.contains("does not apply") ?? false }
    #expect(try await source() == "https://two.example:1")
    #expect(try await request("\(admin)/metrics").body.contains("amesh_configuration_reload_failures_total 3\n"))

    try FileManager.default.removeItem(atPath: directory.path("..data"))
    try await command.event("lost") { $0["message"]?.string?.hasPrefix("configuration file lost") ?? false }
    #expect(try await source() == "https://two.example:1")

    try directory.swap(
      "..data",
      to: [
        "mesh.yaml": Self.mesh(
          """
          revision: four
            controlPlane: {namespace: elsewhere, xdsSource: https://four.example:1}
          server: {shutdown: {timeoutSeconds: 9}}
          """
        )
      ]
    )
    let warning = try await command.event("restart") {
      $0["message"]?.string?.hasPrefix("changed keys take effect at the next start") == true
    }
    #expect(warning["keys"] == ["mesh.revision", "mesh.controlPlane.namespace", "server.shutdown.timeoutSeconds"])
    try await eventually("the last one") { try await source() == "https://four.example:1" }
    #expect(!(try await request("\(admin)/config").body.contains("elsewhere")))
    command.send(SIGINT)
    #expect(try await command.wait().status == 0)
  }

  @Test func `It is not ready while it drains, and a second signal ends it at once`() async throws {
    let command = try serve([
      "--set", "server.shutdown.delaySeconds=3000", "--set", "server.shutdown.timeoutSeconds=3600",
    ])
    let admin = "http://127.0.0.1:\(try await command.port(of: "admin"))"
    _ = try await command.port(of: "webhook")
    try await eventually("ready") { try await request("\(admin)/readyz").status == 200 }
    command.send(SIGTERM)
    try await eventually("not ready") {
      let answer = try await request("\(admin)/readyz")
      return answer.status == 503 && answer.body == "not ready: shutting down\n"
    }
    #expect(try await request("\(admin)/healthz").status == 200)
    command.send(SIGTERM)
    #expect(try await command.wait().status == 128 + SIGTERM)
  }

  @Test func `Every problem of a configuration is told before anything is done`() async throws {
    let file = directory.path("bad.yaml")
    try Self.mesh("trustDomian: a\n  revision: \"a b\"").write(toFile: file, atomically: true, encoding: .utf8)
    let result = try await RunningCommand.run(
      ["serve", "--config", file, "--state-directory", directory.path("never"), "--admin-port", "x"],
      environment: ["AMESH_SERVER_WEBHOOK_PORT": "y"]
    )
    #expect(result.status == 64)
    #expect(
      result.error == """
        \(file):4:3: mesh.trustDomian: unknown key; did you mean trustDomain?
        \(file):5:13: mesh.revision: "a b" is not a revision; use a label value: up to 63 letters, digits, '.', '-' and '_'
        AMESH_SERVER_WEBHOOK_PORT: server.webhook.port: "y" is not a port; use 0 to 65535
        --admin-port: server.admin.port: "x" is not a port; use 0 to 65535

        """
    )
    #expect(!FileManager.default.fileExists(atPath: directory.path("never")))
  }

  @Test func `Variables configure it, unknown ones are warned of`() async throws {
    let command = try serve(environment: ["AMESH_MESH_REVISION": "env", "AMESH_MESH_REVISON": "typo"])
    let admin = "http://127.0.0.1:\(try await command.port(of: "admin"))"
    #expect(try await request("\(admin)/config").body.contains("\"revision\": \"env\""))
    #expect(
      command.events.contains {
        $0["message"] == "AMESH_MESH_REVISON: unknown variable, ignored; did you mean AMESH_MESH_REVISION?"
      }
    )
    _ = try await command.port(of: "webhook")
    command.send(SIGTERM)
    #expect(try await command.wait().status == 0)
  }

  @Test(arguments: [("admin", "server.admin"), ("webhook", "server.webhook"), ("identity", "identity")])
  func `A port that is taken is named with its key`(which: String, key: String) async throws {
    let first = try serve()
    let port = try await first.port(of: which)
    let result = try await serve(ports: [which: port], state: "other").wait()
    #expect(result.status == 69)
    #expect(
      result.error.contains(
        "\(key).port: 127.0.0.1:\(port) is taken by another process; "
          + "end that process or choose another port with --\(which)-port"
      ),
      "\(result.error)"
    )
  }

  @Test(arguments: ["directory", "memory"])
  func `A second process on the same state directory is turned away and changes nothing`(custody: String) async throws {
    let custody = ["--set", "identity.root.custody=\(custody)"]
    let first = try serve(custody)
    _ = try await first.port(of: "identity")
    let bundle = try Data(contentsOf: URL(filePath: directory.path("state/identity/root-cert.pem")))
    let result = try await serve(custody).wait()
    #expect(result.status == 78)
    #expect(
      result.error.contains("server.stateDirectory: \(directory.path("state"))/lock is in use by process"),
      "\(result.error)"
    )
    #expect(result.error.contains("stop it, or give this one a directory of its own"), "\(result.error)")
    #expect(try Data(contentsOf: URL(filePath: directory.path("state/identity/root-cert.pem"))) == bundle)
    #expect(FileManager.default.fileExists(atPath: directory.path("state/identity.sock")))
    first.send(SIGTERM)
    #expect(try await first.wait().status == 0)
    #expect(!FileManager.default.fileExists(atPath: directory.path("state/identity.sock")))
    // The lock goes with its process.
    let next = try serve(custody)
    _ = try await next.port(of: "webhook")
    next.send(SIGTERM)
    #expect(try await next.wait().status == 0)
  }

  @Test func `The identity server is ready at once, and its bundle lies beside it`() async throws {
    let command = try serve(["--set", "identity.leaf.dnsNames=true"])
    _ = try await command.port(of: "webhook")
    let bundle = try String(contentsOfFile: directory.path("state/identity/root-cert.pem"), encoding: .utf8)
    #expect(bundle.hasPrefix("-----BEGIN CERTIFICATE-----"))
    let keys = try FileManager.default.attributesOfItem(atPath: directory.path("state/authority/authority.json"))
    #expect(keys[.posixPermissions] as? Int == 0o600)
    command.send(SIGTERM)
    #expect(try await command.wait().status == 0)
  }

  @Test func `Another mesh's authority is not taken over`() async throws {
    let first = try serve()
    _ = try await first.port(of: "webhook")
    first.send(SIGTERM)
    #expect(try await first.wait().status == 0)
    let result = try await serve(["--set", "mesh.trustDomain=other.example"]).wait()
    #expect(result.status == 78)
    #expect(result.error.contains("is that of trust domain cluster.local"), "\(result.error)")
  }

  @Test func `What stands in the way of the state directory is told`() async throws {
    try "a file".write(toFile: directory.path("file"), atomically: true, encoding: .utf8)
    for path in ["file", "file/below"] {
      let result = try await RunningCommand.run([
        "serve", "--state-directory", directory.path(path), "--admin-port", "0",
      ])
      #expect(result.status == (path == "file" ? 77 : 73) || result.status == 73)
      #expect(result.error.contains("server.stateDirectory: \(directory.path("file"))"), "\(result.error)")
    }
  }

  @Test func `Certificate files that cannot be served are told`() async throws {
    let result = try await serve([
      "--set", "server.webhook.certificateFile=\(directory.path("no.crt"))",
      "--set", "server.webhook.privateKeyFile=\(directory.path("no.key"))",
    ]).wait()
    #expect(result.status == 78)
    #expect(result.error.contains("server.webhook.certificateFile: \(directory.path("no.crt"))"), "\(result.error)")
  }

  private static func mesh(_ members: String) -> String {
    "apiVersion: amesh.apisix.apache.org/v1alpha1\nkind: MeshConfig\nmesh:\n  \(members)\n"
  }
}
