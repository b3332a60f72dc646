import ArgumentParser
import AuthorityAdministration
import CertificateAuthority
import Foundation

struct CABundleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Print the roots to trust, as PEM or as SPIFFE's JSON Web Key Set.",
    discussion: """
      Examples:
        amesh ca bundle > root-cert.pem
        amesh ca bundle --format jwks --out bundle.json
      """
  )

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case pem
    case jwks
  }

  @OptionGroup var authority: AuthorityOptions

  @Option(help: "pem or jwks.")
  var format = Format.pem

  @Option(help: ArgumentHelp("Where to write it, instead of standard output.", valueName: "file"))
  var out: String?

  func run() async throws {
    try await askingAuthority {
      let bundle = try await authority.administrator().bundle()
      let text =
        switch format {
        case .pem: bundle.bundle.pem
        case .jwks: String(decoding: bundle.document.json(), as: UTF8.self) + "\n"
        }
      try PublicFile.write(text, to: out)
    }
  }
}

/// What anyone may see, on standard output or in a file.
enum PublicFile {
  /// - Parameter path: nil or - for standard output. A file that is there is replaced as a whole; anything else, such as
  ///   a device or a link, is written through.
  static func write(_ text: String, to path: String?) throws(Failure) {
    guard let path, path != "-" else { return Console.print(text) }
    do {
      let kind = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
      if let kind, kind != .typeRegular {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        if kind == .typeSymbolicLink { try? file.truncate(atOffset: 0) }
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
      } else {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
      }
    } catch {
      throw Failure(.cannotCreate, "\(path) cannot be written: \(error.localizedDescription); name another")
    }
  }
}
