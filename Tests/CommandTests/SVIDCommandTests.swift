import Foundation
import KubernetesObjects
import Testing

/// `amesh svid` against a real `amesh serve`.
struct SVIDCommandTests {
  private static let identity = "spiffe://cluster.local/ns/shop/sa/cart"
  private static let token = "cart-" + String(repeating: "0123456789abcdef", count: 3)
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try write("tokens.yaml", "tokens: [{token: \(Self.token), identity: \(Self.identity)}]\n")
    try write("token", Self.token + "\n")
    try write("unknown", "x" + Self.token)
  }

  private func write(_ name: String, _ text: String) throws {
    try scratch.write(name, text)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: scratch.path(name))
  }

  private func serve(_ settings: [String] = []) throws -> RunningCommand {
    let flags = [
      "serve", "--state-directory", scratch.path("state"), "--log-format", "json", "--admin-port", "0",
      "--webhook-port", "0", "--identity-port", "0",
    ]
    let all = ["identity.tokens.staticFile=\(scratch.path("tokens.yaml"))"] + settings
    return try RunningCommand(flags + all.flatMap { ["--set", $0] })
  }

  private func svid(port: Int? = nil, token: String = "token", _ rest: String...) async throws -> RunningCommand.Result
  {
    let place =
      port.map { ["--server", "127.0.0.1:\($0)", "--ca-file", scratch.path("state/identity/root-cert.pem")] }
      ?? ["--socket", scratch.path("state/identity.sock")]
    return try await RunningCommand.run(["svid", "--token-file", scratch.path(token)] + place + rest)
  }

  @Test func `A certificate comes over TLS and over the socket, and openssl finds nothing wrong with it`() async throws
  {
    let server = try serve(["identity.leaf.dnsNames=true", "identity.serverGeneratedKeys=deny"])
    let port = try await server.port(of: "identity")
    for port in [port, nil] {
      let out = scratch.path("out-\(port ?? 0)")
      let result = try await svid(port: port, "--out", out)
      #expect(result.status == 0, "\(result.error)")
      #expect(result.output.contains(Self.identity))
      #expect(result.output.contains("Fine as an X.509-SVID."))
      let mode = try FileManager.default.attributesOfItem(atPath: "\(out)/tls.key")[.posixPermissions] as? Int
      #expect(mode == 0o600)
      let verified = try Self.openssl(
        ["verify", "-x509_strict", "-CAfile", "\(out)/ca.crt", "-untrusted", "\(out)/tls.crt", "\(out)/tls.crt"]
      )
      #expect(verified == "\(out)/tls.crt: OK\n")
      let key = try Self.openssl(["pkey", "-in", "\(out)/tls.key", "-pubout"])
      #expect(try Self.openssl(["x509", "-in", "\(out)/tls.crt", "-noout", "-pubkey"]) == key)
    }
    let audit = try String(contentsOfFile: scratch.path("state/audit.log"), encoding: .utf8)
    let lines = try audit.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    #expect(lines.map { $0["event"]?.string } == ["issued", "issued"])
    #expect(lines.allSatisfy { $0["identity"]?.string == Self.identity })
    #expect(!audit.contains(Self.token))
  }

  @Test func `The authority and what it signed outlive a kill`() async throws {
    let first = try serve()
    _ = try await first.port(of: "identity")
    #expect(try await svid("--out", scratch.path("out")).status == 0)
    let roots = try String(contentsOfFile: scratch.path("out/ca.crt"), encoding: .utf8)
    first.send(SIGKILL)
    _ = try await first.wait()
    let second = try serve()
    _ = try await second.port(of: "identity")
    #expect(try await svid("--out", scratch.path("after")).status == 0)
    #expect(try String(contentsOfFile: scratch.path("after/ca.crt"), encoding: .utf8) == roots)
  }

  @Test func `A list of tokens is taken over when it changes, and kept when the new one is bad`() async throws {
    let server = try serve()
    _ = try await server.port(of: "identity")
    #expect(try await svid(token: "unknown").status == 77)
    try write("tokens.yaml", "tokens: [{token: x\(Self.token), identity: \(Self.identity)}]\n")
    try await server.event("the new list") { $0["message"]?.string == "The file that tells who is who has changed" }
    #expect(try await svid(token: "unknown").status == 0)
    #expect(try await svid().status == 77)
    try write("tokens.yaml", "tokens: nonsense\n")
    try await server.event("the bad list") {
      $0["level"]?.string == "error" && $0["message"]?.string?.hasSuffix("what it held before stays in force") == true
    }
    #expect(try await svid(token: "unknown").status == 0)
  }

  @Test func `What goes wrong is told by its cause and cure`() async throws {
    let server = try serve()
    let port = try await server.port(of: "identity")
    let unknown = try await svid(port: port, token: "unknown")
    #expect(unknown.status == 77)
    #expect(unknown.error.contains("does not know this token; its log tells why"), "\(unknown.error)")
    let missing = try await svid(port: port, token: "nowhere")
    #expect(missing.status == 66)
    #expect(missing.error.contains("--token-file"), "\(missing.error)")
    let foreign = try await RunningCommand.run([
      "svid", "--token-file", scratch.path("token"), "--server", "127.0.0.1:\(port)", "--ca-file",
      scratch.path("state/serving/ca.crt"),
    ])
    #expect(foreign.status == 69)
    #expect(foreign.error.contains("--ca-file verifies"), "\(foreign.error)")
    for arguments in [[], ["--server", "a:1", "--socket", "b"], ["--server", "a:1"]] {
      #expect(try await RunningCommand.run(["svid", "--token-file", "x"] + arguments).status == 64)
    }
    server.send(SIGTERM)
    #expect(try await server.wait().status == 0)
    let gone = try await svid(port: port)
    #expect(gone.status == 69)
    #expect(gone.error.contains("is amesh serve running there"), "\(gone.error)")
  }

  private static func openssl(_ arguments: [String]) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
