import AmeshTesting
import Foundation
import KubernetesObjects
import Testing

/// `amesh ca` as a process, on a directory and on a running server.
@Suite(.timeLimit(.minutes(3)))
struct CACommandTests {
  private let scratch: Scratch
  private let state: String

  init() throws {
    scratch = try Scratch()
    state = scratch.path("state")
  }

  private func ca(_ arguments: String...) async throws -> RunningCommand.Result {
    try await RunningCommand.run(["ca"] + arguments + ["--state-directory", state])
  }

  private func status(_ arguments: String...) async throws -> JSONValue {
    let result = try await RunningCommand.run(["ca", "status", "-o", "json", "--state-directory", state] + arguments)
    #expect(result.status == 0, "\(result.error)")
    return try JSONValue(parsing: Array(result.output.utf8))
  }

  private func serve() async throws -> RunningCommand {
    let server = try RunningCommand(
      ["serve", "--state-directory", state, "--log-format", "json", "--admin-port", "0", "--webhook-port", "0"]
        + ["--set", "identity.port=0", "--set", "mesh.trustDomain=prod.example"]
    )
    _ = try await server.event("the admin socket listening") {
      $0["logger"]?.string == "administration" && $0["message"]?.string == "listening"
    }
    return server
  }

  private func request() throws -> String {
    let path = scratch.path("web.csr")
    let made = try OpenSSLCommand.run(
      ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=any"]
        + ["-keyout", scratch.path("web.key"), "-out", path]
    )
    try #require(made.status == 0, "\(made.errors)")
    return path
  }

  private static let web = "spiffe://prod.example/ns/shop/sa/web"

  /// That openssl takes the chain for one of the bundle's.
  private func verifies(_ chain: String, _ bundle: String) throws -> Bool {
    try OpenSSLCommand.run(["verify", "-x509_strict", "-CAfile", bundle, "-untrusted", chain, chain]).status == 0
  }

  @Test func `in a directory: made once, shown, issued from, rotated`() async throws {
    for arguments in [["status"], ["bundle"], ["rotate", "prepare"]] {
      let result = try await RunningCommand.run(["ca"] + arguments + ["--state-directory", state])
      #expect(result.status == 69)
      #expect(result.error.contains("amesh ca init"), "\(result.error)")
    }
    let made = try await ca("init", "--trust-domain", "prod.example")
    #expect(made.status == 0, "\(made.error)")
    #expect(made.output.contains("A new authority for prod.example"))
    let twice = try await ca("init", "--trust-domain", "prod.example")
    #expect(twice.status == 1)
    #expect(twice.error.contains("holds an authority already"))

    let before = try await status()
    #expect(before["trustDomain"]?.string == "prod.example")
    let fingerprint = try #require(before["roots"]?[0]?["sha256"]?.string)
    #expect(made.output.contains(fingerprint))
    let bundle = scratch.path("bundle.pem")
    #expect(try await ca("bundle", "--out", bundle).status == 0)
    let digest = try OpenSSLCommand.run(["x509", "-in", bundle, "-noout", "-fingerprint", "-sha256"]).text
    #expect(digest.replacing(":", with: "").lowercased().contains(fingerprint))
    let jwks = try JSONValue(parsing: Array(try await ca("bundle", "--format", "jwks").output.utf8))
    #expect(jwks["keys"]?.array?.count == 1)

    let chain = scratch.path("web.crt")
    let issued = try await ca("issue", "--csr", try request(), "--id", Self.web, "--lifetime", "7d", "--out", chain)
    #expect(issued.status == 0, "\(issued.error)")
    #expect(issued.error.contains("as long as the mesh allows"))
    #expect(try verifies(chain, bundle))
    // The intermediate that signed it went with the process: nobody waits for its end.
    #expect(try await status()["intermediates"]?[0]?["dropped"]?.string != nil)
    let audit = try String(contentsOfFile: "\(state)/audit.log", encoding: .utf8).split(separator: "\n")
    let line = try JSONValue(parsing: Array(try #require(audit.first).utf8))
    #expect(audit.count == 1)
    #expect(line["event"]?.string == "issued" && line["identity"]?.string == Self.web)
    #expect(line["authenticator"]?.string == "operator" && line["interface"]?.string == "admin")
    #expect(line["credentialSHA256"] == nil)

    let prepared = try await ca("rotate", "auto")
    #expect(prepared.status == 0, "\(prepared.error)")
    #expect(prepared.output.contains("is prepared") && prepared.output.contains("waits to be activated"))
    let early = try await ca("rotate", "activate")
    #expect(early.status == 1)
    #expect(early.error.contains("has not reached everyone"))
    for step in ["prepare", "auto"] {
      let senseless = try await ca("rotate", step, "--force")
      #expect(senseless.status == 64 && senseless.error.contains("leave out --force"), "\(senseless.error)")
    }
    let forced = try await ca("rotate", "activate", "--force")
    #expect(forced.status == 0)
    #expect(forced.error.contains("warning: "))
    let phases = try await status()["roots"]?.array?.compactMap { $0["phase"]?.string }
    #expect(phases == ["superseded", "active"])
  }

  @Test func `on a running server: through its socket, and never past it`() async throws {
    let server = try await serve()
    let socket = try FileManager.default.attributesOfItem(atPath: "\(state)/admin.sock")
    #expect(socket[.posixPermissions] as? Int == 0o600)
    let running = try await status()
    #expect(running["ready"]?.bool == true)
    #expect(running["replica"]?.string != nil)
    // Looking needs no lock; changing does.
    #expect(try await status("--offline")["replica"] == nil)
    let past = try await ca("rotate", "prepare", "--offline")
    #expect(past.status == 1)
    #expect(past.error.contains("is amesh serve running here?"), "\(past.error)")
    let again = try await ca("init", "--trust-domain", "prod.example")
    #expect(again.status == 1)
    #expect(again.error.contains("is at work there") && !again.error.contains("--offline"), "\(again.error)")

    let (chain, bundle) = (scratch.path("web.crt"), scratch.path("bundle.pem"))
    let issued = try await ca(
      "issue",
      "--csr",
      try request(),
      "--id",
      Self.web,
      "--out",
      chain,
      "--bundle-out",
      bundle
    )
    #expect(issued.status == 0, "\(issued.error)")
    #expect(try verifies(chain, bundle))
    let foreign = try await ca("issue", "--csr", try request(), "--id", "spiffe://other.example/ns/a/sa/b")
    #expect(foreign.status == 1)
    #expect(foreign.error.contains("another trust domain"))
    let broken = try await RunningCommand.run(
      ["ca", "issue", "--csr", "-", "--id", Self.web, "--state-directory", state],
      input: "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
    )
    #expect(broken.status == 65)
    let events = try String(contentsOfFile: "\(state)/audit.log", encoding: .utf8).split(separator: "\n")
      .map { try JSONValue(parsing: Array($0.utf8))["event"]?.string }
    #expect(events == ["issued", "refused"])

    let begun = try await ca("rotate", "auto")
    #expect(begun.status == 0, "\(begun.error)")
    #expect(begun.output.contains("is prepared"))
    // Who asks for the file of the bundle gets both roots.
    try await eventually("both roots in the file") {
      let file = try String(contentsOfFile: "\(state)/identity/root-cert.pem", encoding: .utf8)
      return file.components(separatedBy: "BEGIN CERTIFICATE").count == 3
    }
    let refused = try await ca("rotate", "prepare")
    #expect(refused.status == 1)
    #expect(refused.error.contains("is prepared already"))
    let told = server.events.filter { $0["logger"]?.string == "administration" && $0["step"] != nil }
    #expect(told.map { $0["message"]?.string?.contains("refused") } == [false, true])
    server.send(SIGTERM)
    #expect(try await server.wait().status == 0)
    #expect(!FileManager.default.fileExists(atPath: "\(state)/admin.sock"))
    #expect(try await status()["roots"]?.array?.count == 2)
  }

  @Test func `a server that was killed leaves a socket that is no hindrance`() async throws {
    let server = try await serve()
    server.send(SIGKILL)
    _ = try await server.wait()
    #expect(FileManager.default.fileExists(atPath: "\(state)/admin.sock"))
    #expect(try await status()["replica"] == nil)
    let next = try await serve()
    #expect(try await status()["ready"]?.bool == true)
    next.send(SIGTERM)
    #expect(try await next.wait().status == 0)
  }

  /// An authority of somebody else's, as openssl makes one.
  private func plugIn() throws -> String {
    let files = scratch.path("cacerts")
    try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: false)
    let made = try OpenSSLCommand.run(
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=their root"]
        + ["-days", "365", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        + ["-keyout", "\(files)/ca-key.pem", "-out", "\(files)/ca-cert.pem"]
    )
    try #require(made.status == 0, "\(made.errors)")
    try FileManager.default.copyItem(atPath: "\(files)/ca-cert.pem", toPath: "\(files)/root-cert.pem")
    return files
  }

  @Test func `a plugged-in authority is shown and issues, and its roots are not ours to rotate`() async throws {
    let settings = [
      "--state-directory", state, "--set", "identity.root.custody=files", "--set",
      "identity.root.files=\(try plugIn())", "--set", "mesh.trustDomain=prod.example",
    ]
    let server = try RunningCommand(
      ["serve", "--log-format", "json", "--admin-port", "0", "--webhook-port", "0", "--set", "identity.port=0"]
        + settings
    )
    _ = try await server.event("the admin socket listening") {
      $0["logger"]?.string == "administration" && $0["message"]?.string == "listening"
    }
    // Through the socket, then without a server.
    for isRunning in [true, false] {
      if !isRunning {
        server.send(SIGTERM)
        #expect(try await server.wait().status == 0)
      }
      let shown = try await RunningCommand.run(["ca", "status"] + settings)
      #expect(shown.status == 0, "\(shown.error)")
      #expect(shown.output.contains("rotation plugged-in"))
      #expect(shown.output.contains(isRunning ? "server " : "read without a server"))
      #expect(shown.output.contains("replace the files before"))
      for step in ["prepare", "auto"] {
        let refused = try await RunningCommand.run(["ca", "rotate", step] + settings)
        #expect(refused.status == 1)
        #expect(refused.error.contains("replace the files"), "\(refused.error)")
      }
      let (chain, bundle) = (scratch.path("web.crt"), scratch.path("bundle.pem"))
      let issued = try await RunningCommand.run(
        ["ca", "issue", "--csr", try request(), "--id", Self.web, "--out", chain, "--bundle-out", bundle] + settings
      )
      #expect(issued.status == 0, "\(issued.error)")
      #expect(try verifies(chain, bundle))
    }
    let made = try await RunningCommand.run(["ca", "init"] + settings)
    #expect(made.status == 64)
  }

  @Test func `an authority in memory is nowhere without its server`() async throws {
    let result = try await ca("status", "--set", "identity.root.custody=memory")
    #expect(result.status == 69)
    #expect(result.error.contains("only while amesh serve runs"), "\(result.error)")
  }

  @Test(
    arguments: [
      (["rotate", "sideways"], "sideways"), (["rotate", "prepare", "aa-01"], "takes no root"),
      (["rotate", "retire", "NO"], "no ID of a root"), (["issue", "--id", "a"], "--csr"),
      (["issue", "--csr", "a", "--id", "a", "--lifetime", "1w"], "1w"), (["bundle", "--format", "der"], "der"),
    ]
  )
  func `wrong usage ends with 64`(arguments: [String], message: String) async throws {
    let result = try await RunningCommand.run(["ca"] + arguments)
    #expect(result.status == 64)
    #expect(result.error.contains(message), "\(result.error)")
  }

  @Test func `a request that is not there ends with 66, and a place that can't be written with 73`() async throws {
    _ = try await ca("init")
    #expect(try await ca("issue", "--csr", scratch.path("none"), "--id", Self.web).status == 66)
    #expect(try await ca("bundle", "--out", scratch.path("none/bundle.pem")).status == 73)
  }

  @Test func `help of every command is documentation`() async throws {
    for command in [[], ["init"], ["status"], ["rotate"], ["bundle"], ["issue"]] {
      let result = try await RunningCommand.run(["ca"] + command + ["--help"])
      #expect(result.status == 0)
      #expect(result.output.contains("Example"), "\(command)")
    }
  }
}
