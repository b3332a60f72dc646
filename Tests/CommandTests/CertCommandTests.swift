import AmeshTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(3)))
struct CertCommandTests {
  /// A self-made leaf of openssl's, with what the test wants in it.
  private static func certificate(_ folder: TemporaryFolder, extensions: [String]) throws -> (file: String, key: String)
  {
    let (file, key) = ("\(folder.path)/tls.crt", "\(folder.path)/tls.key")
    let made = try OpenSSLCommand.run(
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test", "-days",
        "1",
      ]
        + ["-keyout", key, "-out", file] + extensions.flatMap { ["-addext", $0] }
    )
    #expect(made.status == 0, "\(made.errors)")
    return (file, key)
  }

  private static let workload = [
    "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth,clientAuth",
    "subjectAltName=URI:spiffe://mesh.example/ns/shop/sa/web",
  ]

  @Test func `A good certificate is shown and ends with 0`() async throws {
    let folder = try TemporaryFolder()
    let (file, key) = try Self.certificate(folder, extensions: Self.workload)
    // Keys and text beside the certificates are passed over, and never shown.
    let mixed = try folder.write(
      "mixed.pem",
      Data("a comment\n".utf8) + Data(contentsOf: URL(filePath: key)) + Data(contentsOf: URL(filePath: file))
    )
    for path in [file, mixed] {
      let result = try await RunningCommand.run(["cert", path])
      #expect(result.status == 0, "\(result.error)")
      #expect(result.output.contains("spiffe://mesh.example/ns/shop/sa/web"))
      #expect(result.output.contains("left of"))
      #expect(result.output.contains("Fine as an X.509-SVID."))
      #expect(!result.output.contains("PRIVATE"))
    }
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let piped = try await RunningCommand.run(["cert", "-"], input: text)
    #expect(piped.status == 0)
  }

  @Test func `What is wrong is told, and ends with 1`() async throws {
    let folder = try TemporaryFolder()
    let (file, _) = try Self.certificate(
      folder,
      extensions: ["basicConstraints=critical,CA:FALSE", "subjectAltName=DNS:web"]
    )
    let result = try await RunningCommand.run(["cert", file])
    #expect(result.status == 1)
    #expect(result.output.contains("Peers that hold to SPIFFE refuse it."))
    let other = try TemporaryFolder()
    let (root, _) = try Self.certificate(other, extensions: ["keyUsage=critical,keyCertSign"])
    let authority = try await RunningCommand.run(["cert", root])
    #expect(authority.status == 0, "\(authority.output)")
    #expect(authority.output.contains("Fine as an authority."))
  }

  @Test func `A bundle that does not know the signer is told`() async throws {
    let (one, other) = (try TemporaryFolder(), try TemporaryFolder())
    let (file, _) = try Self.certificate(one, extensions: Self.workload)
    let (root, _) = try Self.certificate(other, extensions: ["keyUsage=critical,keyCertSign"])
    let result = try await RunningCommand.run(["cert", file, "--bundle", root])
    #expect(result.status == 1, "\(result.output)\(result.error)")
    #expect(result.output.contains("against the trust bundle"))
  }

  @Test func `What is no certificate ends with its own code`() async throws {
    let folder = try TemporaryFolder()
    let rows: [(String, Int32, String)] = [
      ("\(folder.path)/none.pem", 66, "none.pem"),
      (try folder.write("text.pem", "hello\n"), 65, "no PEM block CERTIFICATE"),
      (
        try folder.write("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 65,
        "can't be read"
      ),
      ("127.0.0.1:1", 69, "127.0.0.1:1"),
    ]
    for (source, status, text) in rows {
      let result = try await RunningCommand.run(["cert", source])
      #expect(result.status == status, "\(source): \(result.error)")
      #expect(result.error.contains(text), "\(result.error)")
    }
  }

  @Test func `A server is asked for its chain`() async throws {
    let scratch = try Scratch()
    let server = try RunningCommand(
      ["serve", "--state-directory", scratch.path("state"), "--log-format", "json", "--admin-port", "0"]
        + ["--webhook-port", "0", "--identity-port", "0"]
    )
    let port = try await server.port(of: "webhook")
    // The webhook's certificate is for API servers, which ask for no SPIFFE ID.
    let result = try await RunningCommand.run(["cert", "127.0.0.1:\(port)", "--server-name", "localhost"])
    #expect(result.status == 1, "\(result.error)")
    #expect(result.output.contains("Amesh serving CA"))
    #expect(result.output.contains("has 0 URIs"))
    #expect(!result.output.contains("asks callers"))
    let identity = try await RunningCommand.run(["cert", "127.0.0.1:\(try await server.port(of: "identity"))"])
    #expect(identity.output.contains("It asks callers for a certificate"), "\(identity.output)\(identity.error)")
    server.send(SIGTERM)
    #expect(try await server.wait().status == 0)
  }
}
