import ArgumentParser
import AuthorityAdministration
import Foundation
import Injection
import MeshConfiguration
import SPIFFE

struct CAInitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make the first root of a new authority.",
    discussion: """
      Writes it into the directory authority of the state directory, which is made when it is missing. amesh serve does \
      the same at its first start; this is for who wants to hand out the root before. It refuses where there is one.

      Example:
        amesh ca init --state-directory ./state --trust-domain prod.example
      """
  )

  @OptionGroup var options: ConfigurationOptions

  @Option(help: "That of amesh serve: server.stateDirectory.")
  var stateDirectory: String?

  @Option(help: "Whose root it is: mesh.trustDomain. It can't be changed later.")
  var trustDomain: String?

  func run() async throws {
    try await askingAuthority {
      let flags = [
        ("--state-directory", "server.stateDirectory", stateDirectory),
        ("--trust-domain", "mesh.trustDomain", trustDomain),
      ]
      .compactMap { name, key, value in value.map { ConfigurationInput.Flag(name: name, key: key, value: $0) } }
      let configuration = try options.source(flags: flags).load().loaded.configuration
      guard configuration.identity.root.custody == .directory else {
        throw Failure(
          .usage,
          "identity.root.custody is \(configuration.identity.root.custody.rawValue): there is no root to make in a directory"
        )
      }
      let name = configuration.mesh.trustDomain
      let parsed: TrustDomain
      do {
        parsed = try TrustDomain(name)
      } catch {
        throw Failure(.usage, "mesh.trustDomain: \(error)")
      }
      try StateDirectory.prepare(configuration.server.stateDirectory)
      let status = try await OfflineAdministrator(configuration, isAsked: false).create(parsed)
      let printer = AuthorityPrinter(now: status.time, descriptor: STDOUT_FILENO)
      Console.print(
        """
        A new authority for \(status.trustDomain):
        \(status.roots.map(printer.text).joined(separator: "\n"))
        Next: amesh serve; amesh ca bundle prints the root.
        """
      )
    }
  }
}
