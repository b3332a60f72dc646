import ArgumentParser
import KubernetesObjects
import KubernetesYAML
import MeshConfiguration

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Check a MeshConfig, or learn what it can hold.",
    discussion: """
      Examples:
        amesh config validate mesh.yaml   every problem, with its line and the cure
        amesh config show -c mesh.yaml    every key with the value that is in force
        amesh config show                 the defaults: a file to start from
        amesh config reference            a table of all keys
      """,
    subcommands: [Validate.self, Show.self, Reference.self]
  )

  struct Validate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Report every problem of a MeshConfig file.",
      discussion: """
        AMESH_… variables of the environment are left out of account. Exits with 64 when there is a problem, 66 when the \
        file cannot be read.
        """
    )

    @Argument(help: "The MeshConfig file.")
    var file: String

    func run() async throws {
      try await reportingFailure {
        let source = ConfigurationSource(file: ConfigurationFile(path: file), environment: [:], flags: [])
        let (loaded, _) = try source.load()
        Console.print("\(file): valid, mesh hash \(loaded.configuration.meshHash)")
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print every key with the value that is in force, as YAML.",
      discussion: "File, AMESH_… variables and --set count as they do for `amesh serve`."
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
      try await reportingFailure {
        let (loaded, _) = try options.source().load()
        for warning in loaded.warnings { Console.error(warning) }
        Console.print(YAMLPrinter.print(loaded.configuration.effective))
      }
    }
  }

  struct Reference: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a Markdown table of all keys and their defaults.")

    func run() {
      Console.print(ConfigurationReference.markdown)
    }
  }
}
