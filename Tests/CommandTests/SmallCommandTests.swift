import Foundation
import Glibc
import KubernetesObjects
import Testing

@Suite(.timeLimit(.minutes(3)))
struct SmallCommandTests {
  @Test func `Help of every command is documentation`() async throws {
    for command in [
      [], ["serve"], ["config"], ["config", "validate"], ["config", "show"], ["cert"], ["wait"], ["drain"],
    ] {
      let result = try await RunningCommand.run(command + ["--help"])
      #expect(result.status == 0)
      #expect(result.output.contains("OVERVIEW: "))
      // More than a list of options: a discussion.
      #expect(result.output.split(separator: "\n\n").count >= 4, "\(command)")
    }
  }

  @Test func `Version is told`() async throws {
    let result = try await RunningCommand.run(["version"])
    #expect(result.output == "amesh 0.1.0\n")
    #expect(result.status == 0)
  }

  @Test(
    arguments: [
      (["nonsense"], "nonsense"), (["serve", "--nonsense"], "--nonsense"),
      (["serve", "--set", "a"], "write it as key=value"),
      (["wait", "--timeout", "0"], "--timeout"), (["wait", "--url", "ftp://a"], "--url"),
      (["drain", "--ports", "0x"], "--ports"), (["drain", "--ports", "0"], "--ports"),
      (["drain", "--minimum", "5", "--maximum", "1"], "--minimum"),
    ]
  )
  func `Wrong usage ends with 64`(arguments: [String], message: String) async throws {
    let result = try await RunningCommand.run(arguments)
    #expect(result.status == 64)
    #expect(result.error.contains(message), "\(result.error)")
  }

  @Test func `A configuration is validated`() async throws {
    let scratch = try Scratch()
    let header = "apiVersion: amesh.apisix.apache.org/v1alpha1\nkind: MeshConfig\n"
    let file = scratch.path("mesh.yaml")
    try header.write(toFile: file, atomically: true, encoding: .utf8)
    let good = try await RunningCommand.run(["config", "validate", file])
    #expect(good.status == 0)
    #expect(good.output.hasPrefix("\(file): valid, mesh hash "))
    try (header + "mesh: {revison: a}\n").write(toFile: file, atomically: true, encoding: .utf8)
    let bad = try await RunningCommand.run(["config", "validate", file])
    #expect(bad.status == 64)
    #expect(bad.error == "\(file):3:8: mesh.revison: unknown key; did you mean revision?\n")
    let missing = try await RunningCommand.run(["config", "validate", scratch.path("none")])
    #expect(missing.status == 66)
    #expect(missing.error.contains("No such file or directory"))
  }

  @Test func `What is shown can be used as a file`() async throws {
    let scratch = try Scratch()
    let shown = try await RunningCommand.run(["config", "show", "--set", "mesh.revision=blue"])
    #expect(shown.status == 0)
    #expect(shown.output.contains("  revision: blue\n"))
    let file = scratch.path("mesh.yaml")
    try shown.output.write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try await RunningCommand.run(["config", "validate", file]).status == 0)
    #expect(
      try await RunningCommand.run(["config", "show"], environment: ["AMESH_CONFIG": file]).output == shown.output
    )
  }

  @Test func `Waiting ends when the URL answers 200, or gives up`() async throws {
    let scratch = try Scratch()
    let serve = try RunningCommand([
      "serve", "--state-directory", scratch.path("state"), "--webhook-port", "0", "--admin-port", "0",
      "--identity-port", "0",
    ])
    let port = try await serve.port(of: "admin")
    let url = "http://127.0.0.1:\(port)"
    #expect(try await RunningCommand.run(["wait", "--url", "\(url)/readyz"]).status == 0)
    let wrong = try await RunningCommand.run(["wait", "--url", "\(url)/nothing", "--timeout", "0.1"])
    #expect(wrong.status == 1)
    #expect(wrong.error == "\(url)/nothing: not ready after 0.1 s: answered 404\n")
    serve.send(SIGTERM)
    #expect(try await serve.wait().status == 0)
    #expect(try await RunningCommand.run(["wait", "--url", "\(url)/readyz", "--timeout", "0.1"]).status == 1)
  }

  @Test func `Draining waits for connections that are open`() async throws {
    let connection = try LoopbackConnection()
    let arguments = ["drain", "--ports", "\(connection.port)", "--minimum", "0", "--maximum"]
    let open = try await RunningCommand.run(arguments + ["0.5"])
    #expect(open.status == 0)
    #expect(open.error == "amesh drain: 1 connections still open after 0.5 s\n")
    connection.end()
    let ended = try await RunningCommand.run(arguments + ["3000"])
    #expect(ended.status == 0)
    #expect(ended.error.isEmpty)
  }
}

/// Both ends of a TCP connection over loopback.
private struct LoopbackConnection {
  let port: UInt16
  private let descriptors: [Int32]

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let isUp = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &length) == 0
          && connect(client, $0, length) == 0
      }
    }
    try #require(isUp)
    port = UInt16(bigEndian: address.sin_port)
    descriptors = [client, accept(listener, nil, nil), listener]
  }

  func end() { for descriptor in descriptors { close(descriptor) } }
}
