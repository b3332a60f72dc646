import ArgumentParser

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version of amesh.")

  func run() {
    Console.print("amesh \(Version.current)")
  }
}
