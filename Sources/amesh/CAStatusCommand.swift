import ArgumentParser
import AuthorityAdministration
import Foundation
import KubernetesObjects

struct CAStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show roots, intermediates, what rotation waits for and what comes next.",
    discussion: """
      Examples:
        amesh ca status
        amesh ca status --output json | jq .next
      """
  )

  @OptionGroup var authority: AuthorityOptions

  @Option(name: [.customShort("o"), .long], help: "text or json.")
  var output = AuthorityOutput.text

  func run() async throws {
    try await askingAuthority {
      let status = try await authority.administrator().status()
      switch output {
      case .text: Console.print(AuthorityPrinter(now: status.time, descriptor: STDOUT_FILENO).text(status))
      case .json: Console.print(String(decoding: status.json.serialized(indent: 2), as: UTF8.self))
      }
    }
  }
}

enum AuthorityOutput: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
}
