import ArgumentParser
import Foundation
import MeshConfiguration

/// The options of every command that needs the configuration.
struct ConfigurationOptions: ParsableArguments {
  @Option(
    name: [.customShort("c"), .long],
    help: ArgumentHelp("The MeshConfig file; without it: AMESH_CONFIG, or the defaults.", valueName: "file")
  )
  var config: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Overrides one key, such as mesh.trustDomain=prod.example; may be repeated.",
      valueName: "key=value"
    )
  )
  var set: [String] = []

  func validate() throws {
    for override in set where !override.contains("=") {
      throw ValidationError("--set \(override): write it as key=value, such as --set mesh.revision=blue")
    }
  }

  /// Where the configuration comes from; the file is named, not yet read.
  func source(flags: [ConfigurationInput.Flag] = []) -> ConfigurationSource {
    let environment = ProcessInfo.processInfo.environment
    let overrides = set.compactMap { text -> ConfigurationInput.Flag? in
      guard let equals = text.firstIndex(of: "=") else { return nil }
      return ConfigurationInput.Flag(
        name: "--set",
        key: String(text[..<equals]),
        value: String(text[text.index(after: equals)...])
      )
    }
    return ConfigurationSource(
      file: (config ?? environment["AMESH_CONFIG"]).map(ConfigurationFile.init(path:)),
      environment: environment.filter { $0.key.hasPrefix("AMESH_") },
      flags: overrides + flags
    )
  }
}

/// File, environment and flags of this process; only the file can change.
struct ConfigurationSource: Sendable {
  let file: ConfigurationFile?
  let environment: [String: String]
  let flags: [ConfigurationInput.Flag]

  /// - Parameter text: of the file, if there is one.
  func load(text: [UInt8]?) throws(InvalidConfiguration) -> LoadedConfiguration {
    var input = ConfigurationInput(environment: environment, flags: flags)
    if let file, let text { input.file = ConfigurationInput.File(name: file.path, text: text) }
    return try input.load()
  }

  /// Reads the file and loads everything.
  /// - Throws: ``Failure`` with every problem, one a line.
  func load() throws(Failure) -> (loaded: LoadedConfiguration, text: [UInt8]?) {
    let text = try file?.read()
    do {
      return (try load(text: text), text)
    } catch {
      throw Failure(.usage, error.description)
    }
  }
}
