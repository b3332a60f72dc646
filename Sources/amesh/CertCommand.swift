import ArgumentParser
import CertificateAuthority
import Foundation
import Injection
import SPIFFE

struct CertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cert",
    abstract: "Explain a certificate or a chain.",
    discussion: """
      Shows whose each certificate is, how much of its life is left, who signed it, and everything that is wrong with it \
      for peers that hold to SPIFFE. Reads PEM from a file or standard input (-), or asks a TLS server for its chain, and tells \
      whether it wants one of callers, as sidecars do.

      Examples:
        amesh cert /etc/certs/tls.crt --bundle /etc/certs/ca.crt
        amesh cert amesh.amesh-system.svc:15012
        amesh cert 10.244.1.7:19443
        openssl s_client -connect host:443 -showcerts </dev/null | amesh cert -

      Exit codes: 0 nothing is wrong, 1 something is, 65 no certificate that can be read, 66 a file that cannot be read, \
      69 a server that does not answer.
      """
  )

  @Argument(help: "A PEM file, - for standard input, or HOST:PORT.")
  var source: String

  @Option(help: "PEM file of the roots to trust; without it the chain's end is not judged.")
  var bundle: String?

  @Option(help: "The name to ask a TLS server for, where it is not HOST.")
  var serverName: String?

  func run() async throws {
    try await reportingFailure {
      let (chain, asksForCertificate) = try await certificates()
      let now = Date()
      let findings = await CertificateFindings.of(chain, bundle: try trustBundle(for: chain), now: now)
      Console.print(CertificatePrinter(now: now, descriptor: STDOUT_FILENO).text(chain, findings))
      if asksForCertificate {
        Console.print("It asks callers for a certificate, as a sidecar does on \(MeshPorts.inboundMTLS).")
      }
      if !findings.isFaultless { throw ExitCode(1) }
    }
  }

  private func certificates() async throws -> (chain: [MeshCertificate], asksForCertificate: Bool) {
    guard let (host, port) = Self.address(source) else { return (try Self.read(source), false) }
    let peer = try await PeerCertificates.fetch(host: host, port: port, serverName: serverName)
    let chain = try peer.certificates.map { bytes in
      try Self.reading(source) { () throws(CertificateError) in try MeshCertificate(derBytes: bytes) }
    }
    return (chain, peer.asksForCertificate)
  }

  private func trustBundle(for chain: [MeshCertificate]) throws -> TrustBundle? {
    guard let bundle else { return nil }
    let roots = try Self.read(bundle)
    let identity = (chain.first?.uris.first).flatMap { try? SPIFFEID($0) }
    guard let trustDomain = identity?.trustDomain ?? (try? TrustDomain("unknown.invalid")) else { return nil }
    do {
      return try TrustBundle(trustDomain: trustDomain, authorities: roots)
    } catch {
      throw Failure(.dataError, "\(bundle): \(error)")
    }
  }

  /// Certificates among whatever text and keys stand beside them: keys are not even decoded.
  private static func read(_ path: String) throws -> [MeshCertificate] {
    let bytes: [UInt8]
    do {
      let file = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
      bytes = Array(try file.read(upToCount: maximumBytes + 1) ?? Data())
    } catch {
      throw Failure(.noInput, "\(path): \(error.localizedDescription)")
    }
    guard bytes.count <= maximumBytes else {
      throw Failure(.dataError, "\(path) is larger than \(maximumBytes) bytes; give the certificates alone")
    }
    let blocks = certificateBlocks(bytes)
    guard !blocks.isEmpty else {
      throw Failure(.dataError, "\(path) has no PEM block CERTIFICATE; give a PEM file or HOST:PORT")
    }
    return try reading(path) { () throws(CertificateError) in
      try MeshCertificate.readPEM(blocks, maximumBytes: maximumBytes, maximumBlocks: 20)
    }
  }

  private static let maximumBytes = 1 << 20

  /// The lines from each BEGIN CERTIFICATE to its END.
  private static func certificateBlocks(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var isInside = false
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
      let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if text.elementsEqual("-----BEGIN CERTIFICATE-----".utf8) { isInside = true }
      if isInside { result += Array(text) + [UInt8(ascii: "\n")] }
      if text.elementsEqual("-----END CERTIFICATE-----".utf8) { isInside = false }
    }
    return result
  }

  private static func reading<Result>(
    _ source: String,
    _ body: () throws(CertificateError) -> Result
  ) throws(Failure) -> Result {
    do {
      return try body()
    } catch {
      throw Failure(.dataError, "\(source): \(error)")
    }
  }

  /// HOST:PORT, unless there is a file of that name.
  static func address(_ text: String) -> (host: String, port: Int)? {
    guard text != "-", !FileManager.default.fileExists(atPath: text), let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...]), port > 0
    else { return nil }
    let host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
    return host.isEmpty || host.contains("/") ? nil : (host, Int(port))
  }
}
