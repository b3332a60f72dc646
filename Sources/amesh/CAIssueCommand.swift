import ArgumentParser
import AuthorityAdministration
import CertificateAuthority
import Foundation

struct CAIssueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue",
    abstract: "Issue a certificate for the key of a certificate request.",
    discussion: """
      For a workload that can't ask by itself. Only the key of the request counts; the identity is --id. The chain goes to \
      standard output or --out, a line about it to standard error, and a line into the audit log.

      Example:
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj / -keyout web.key -out web.csr
        amesh ca issue --csr web.csr --id spiffe://prod.example/ns/shop/sa/web --lifetime 12h --out web.crt
      """
  )

  @OptionGroup var authority: AuthorityOptions

  @Option(help: ArgumentHelp("The request, PKCS #10 in PEM; - for standard input.", valueName: "file"))
  var csr: String

  @Option(help: ArgumentHelp("Whose certificate it is.", valueName: "spiffe-id"))
  var id: String

  @Option(help: ArgumentHelp("How long it is to live: seconds, or with m, h or d. Default: as all.", valueName: "time"))
  var lifetime: Lifetime?

  @Option(help: ArgumentHelp("Where to write the chain, instead of standard output.", valueName: "file"))
  var out: String?

  @Option(help: ArgumentHelp("Where to write the roots to trust.", valueName: "file"))
  var bundleOut: String?

  func run() async throws {
    try await askingAuthority {
      let order = CertificateOrder(request: try request(), identity: id, lifetimeSeconds: lifetime?.seconds)
      let issued = try await authority.administrator().issue(order)
      try PublicFile.write(issued.chain, to: out)
      if let bundleOut { try PublicFile.write(issued.bundle, to: bundleOut) }
      let reason =
        switch issued.limit {
        case .cap: "; that is as long as the mesh allows"
        case .signerEnd: "; its signer ends then"
        case nil: ""
        }
      let end = Timestamp.text(issued.notAfter)
      Console.error("issued \(issued.serialNumber) to \(issued.identity), valid until \(end)\(reason)")
    }
  }

  private func request() throws(Failure) -> String {
    do {
      let limit = CertificateRequest.maximumPEMBytes
      let bytes = try csr == "-" ? WholeFile.read(STDIN_FILENO, limit: limit) : WholeFile.read(csr, limit: limit)
      return String(decoding: bytes, as: UTF8.self)
    } catch {
      throw Failure(.noInput, "\(csr == "-" ? "standard input" : csr): \(error); check --csr")
    }
  }
}

/// A length of time as people write it: `3600`, `90m`, `12h`, `7d`.
struct Lifetime: ExpressibleByArgument, Equatable {
  let seconds: Int

  init?(argument: String) {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    let unit = argument.last.flatMap { units[$0] }
    let digits = unit == nil ? argument[...] : argument.dropLast()
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let count = Int(digits)
    else { return nil }
    let (seconds, overflows) = count.multipliedReportingOverflow(by: unit ?? 1)
    guard !overflows, seconds > 0 else { return nil }
    self.seconds = seconds
  }
}
