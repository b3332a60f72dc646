import ArgumentParser
import CallerAuthentication
import CertificateAuthority
import CredentialFiles
import Foundation
import Glibc
import SPIFFE
import SidecarIdentity
import WorkloadKeys

struct SVIDCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "svid",
    abstract: "Get this workload's certificate over SDS, and explain it.",
    discussion: """
      Asks the identity server of `amesh serve` as a sidecar does, with a token, and shows what it gives. The private key \
      is made here and never leaves; it is thrown away unless --out keeps it.

      Examples:
        amesh svid --server amesh.amesh-system.svc:15012 --ca-file /var/run/secrets/amesh/root/root-cert.pem \\
          --token-file /var/run/secrets/amesh/token/token
        amesh svid --socket state/identity.sock --token-file token --out certs

      Exit codes: 0 done, 1 the certificate is faulty or was refused, 66 a file that cannot be read, 69 a server that does \
      not answer, 73 files that cannot be written, 77 a token that is not known.
      """
  )

  @Option(help: "HOST:PORT of the identity server.")
  var server: String?

  @Option(help: "PEM file of the roots that verify the server.")
  var caFile: String?

  @Option(help: "The name in the server's certificate, where it is not HOST.")
  var serverName: String?

  @Option(help: "The server's Unix socket, instead of --server.")
  var socket: String?

  @Option(help: "File with a ServiceAccount token or a static one.")
  var tokenFile: String

  @Option(help: "Directory for tls.crt, tls.key and ca.crt; made if missing.")
  var out: String?

  @Option(help: "Seconds to wait for the server.")
  var timeout = 10

  func validate() throws {
    guard (server == nil) != (socket == nil) else { throw ValidationError("give either --server or --socket") }
    guard server == nil || caFile != nil else { throw ValidationError("--server needs --ca-file") }
    guard (1...3600).contains(timeout) else { throw ValidationError("--timeout is 1 to 3600") }
  }

  func run() async throws {
    try await reportingFailure {
      let fetch = SecretFetch(server: try place(), token: try token(), timeout: .seconds(timeout))
      let key = try FreshKey.p256()
      let secrets = try await fetch.fetch(request: key.request)
      let chain = try Self.certificates(secrets.chain)
      let roots = try Self.certificates(secrets.bundle)
      guard chain.first?.publicKey.derBytes == key.publicKey else {
        throw Failure(.failed, "the certificate that came is for another key; look at the server's log")
      }
      if let out { try Self.keep(secrets, key, in: out) }
      let now = Date()
      let bundle = try Self.bundle(roots, of: chain)
      let findings = await CertificateFindings.of(chain, bundle: bundle, now: now)
      Console.print(CertificatePrinter(now: now, descriptor: STDOUT_FILENO).text(chain, findings))
      if let out { Console.error("wrote \(out)/tls.crt, tls.key and ca.crt") }
      if !findings.isFaultless { throw ExitCode(1) }
    }
  }

  private func place() throws(Failure) -> SecretFetch.Server {
    if let socket { return .socket(socket) }
    guard let server, let (host, port) = CertCommand.address(server) else {
      throw Failure(.usage, "\(server ?? "") is no HOST:PORT, such as 127.0.0.1:15012")
    }
    guard let caFile, access(caFile, R_OK) == 0 else {
      throw Failure(.noInput, "--ca-file: \(caFile ?? "") can't be read: \(String(cString: strerror(errno)))")
    }
    return .address(host: host, port: port, serverName: try name(of: host), rootsFile: caFile)
  }

  /// An address is no name that TLS could ask for; this machine's own is `localhost`.
  private func name(of host: String) throws(Failure) -> String {
    if let serverName { return serverName }
    if host == "::1" || host.hasPrefix("127.") { return "localhost" }
    var address = in6_addr()
    guard inet_pton(AF_INET, host, &address) != 1, inet_pton(AF_INET6, host, &address) != 1 else {
      throw Failure(.usage, "--server \(host): give --server-name too, such as amesh.amesh-system.svc")
    }
    return host
  }

  private func token() throws(Failure) -> String {
    do {
      let file = try CredentialFile.read(tokenFile, maximumLength: BearerToken.maximumLength + 2)
      let text = String(decoding: file.bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      _ = try BearerToken(Array(text.utf8))
      return text
    } catch {
      throw Failure(.noInput, "--token-file: \(error)")
    }
  }

  private static func certificates(_ pem: [UInt8]) throws(Failure) -> [MeshCertificate] {
    do {
      return try MeshCertificate.readPEM(pem, maximumBytes: 1 << 20, maximumBlocks: 64)
    } catch {
      throw Failure(.dataError, "the server sent something else than certificates: \(error)")
    }
  }

  private static func bundle(_ roots: [MeshCertificate], of chain: [MeshCertificate]) throws(Failure) -> TrustBundle? {
    guard let uri = chain.first?.uris.first, let id = try? SPIFFEID(uri) else { return nil }
    do {
      return try TrustBundle(trustDomain: id.trustDomain, authorities: roots)
    } catch {
      throw Failure(.dataError, "the server's bundle: \(error)")
    }
  }

  /// The key first: whoever watches for the certificate finds both.
  private static func keep(
    _ secrets: SecretFetch.Secrets,
    _ key: FreshKey,
    in directory: String
  ) throws(Failure) {
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
      throw Failure(.cannotCreate, "--out: \(directory) can't be made: \(String(cString: strerror(errno)))")
    }
    try write(Array(key.privateKey.utf8), to: "\(directory)/tls.key", mode: 0o600)
    try write(secrets.bundle, to: "\(directory)/ca.crt", mode: 0o644)
    try write(secrets.chain, to: "\(directory)/tls.crt", mode: 0o644)
  }

  private static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(Failure) {
    let temporary = "\(path).\(getpid())"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      throw Failure(.cannotCreate, "--out: \(path) can't be written: \(String(cString: strerror(errno)))")
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try file.write(contentsOf: bytes)
      try file.synchronize()
    } catch {
      unlink(temporary)
      throw Failure(.cannotCreate, "--out: \(path) can't be written: \(error)")
    }
    guard rename(temporary, path) == 0 else {
      let problem = String(cString: strerror(errno))
      unlink(temporary)
      throw Failure(.cannotCreate, "--out: \(path) can't be written: \(problem)")
    }
  }
}
