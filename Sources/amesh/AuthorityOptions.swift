import ArgumentParser
import AuthorityAdministration
import MeshConfiguration

/// Which authority a command is about.
struct AuthorityOptions: ParsableArguments {
  @OptionGroup var options: ConfigurationOptions

  @Option(help: "That of amesh serve: server.stateDirectory.")
  var stateDirectory: String?

  @Flag(help: "Read and change the directory itself, although a server may run.")
  var offline = false

  /// - Parameter flags: over those that all these commands have.
  func configuration(flags: [ConfigurationInput.Flag] = []) throws(Failure) -> Configuration {
    let directory = stateDirectory.map {
      ConfigurationInput.Flag(name: "--state-directory", key: "server.stateDirectory", value: $0)
    }
    return try options.source(flags: flags + [directory].compactMap(\.self)).load().loaded.configuration
  }

  /// The server's authority where one answers, else the directory's.
  func administrator() throws(Failure) -> any AuthorityAdministrator {
    let configuration = try configuration()
    guard !offline else { return OfflineAdministrator(configuration, isAsked: true) }
    let socket = AdministrationSocket(AdminSocket.path(configuration.server))
    do throws(AdministrationSocketError) {
      guard try socket.isAnswered() else { return OfflineAdministrator(configuration, isAsked: false) }
      return SocketAdministrator(path: socket.path)
    } catch {
      throw Failure(.noPermission, "\(error)")
    }
  }
}

/// The socket for the operator's commands.
enum AdminSocket {
  static func path(_ server: ServerSettings) -> String { "\(server.stateDirectory)/admin.sock" }
}

/// Runs the body of a command that asks an authority; a refusal is told in its own words.
func askingAuthority<Result>(_ body: () async throws -> Result) async throws -> Result {
  try await reportingFailure {
    do {
      return try await body()
    } catch let error as AdministrationError {
      throw Failure(status(of: error.kind), error.description)
    }
  }
}

private func status(of kind: AdministrationError.Kind) -> Failure.Status {
  switch kind {
  case .badRequest: .dataError
  case .forbidden: .noPermission
  case .notReady, .unreachable: .unavailable
  case .unknown, .refused, .failed: .failed
  }
}
