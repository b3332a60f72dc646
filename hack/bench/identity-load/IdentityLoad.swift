import ArgumentParser

/// The client of hack/bench-identity and hack/soak: loads the identity services of a running server, and prints lines of
/// figures, tab-separated.
@main struct IdentityLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "identity-load",
    subcommands: [Prepare.self, Sign.self, Handshakes.self, Herd.self, Streams.self, Workloads.self, Soak.self]
  )
}

struct LoadError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
