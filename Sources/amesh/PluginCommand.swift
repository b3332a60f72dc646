import ArgumentParser
import KubernetesObjects
import PluginConfiguration

struct PluginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin",
    abstract: "Judge plugin configurations for sidecars (AmeshPluginConfig).",
    discussion: """
      Example:
        amesh plugin check add-header.yaml --schema-file manifests/plugins/schemas.json
      """,
    subcommands: [Check.self]
  )

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Report every problem of the AmeshPluginConfigs in manifests, as admission does.",
      discussion: """
        With a schema file, which hack/apisix-schemas makes from a running APISIX, each plugin's configuration is held \
        against what the plugin takes; without one only its form is checked. Other objects are left alone.

        Exit codes: 0 all are valid, 1 one is not, 64 wrong flags, 65 a manifest or the schema file can't be parsed, \
        66 a file can't be read.
        """
    )

    @Argument(help: "A manifest, a directory of them (.yaml, .yml, .json), or - for standard input.")
    var files: [String]

    @Option(help: ArgumentHelp("The schemas of the plugins, JSON: plugins.schemaFile.", valueName: "file"))
    var schemaFile: String?

    @Option(help: "With plugins that the schema file does not have: warn or deny; plugins.unknownPlugins.")
    var unknownPlugins = PluginConfigCheck.UnknownPlugins.warn

    @Option(help: "With plugins that run what their config says: deny or allow; plugins.codePlugins.")
    var codePlugins = PluginConfigCheck.CodePlugins.deny

    func run() async throws {
      try await reportingFailure {
        let check = PluginConfigCheck(
          schemas: try schemas(),
          unknownPlugins: unknownPlugins,
          codePlugins: codePlugins
        )
        var manifests = ManifestFiles()
        manifests.paths = files
        let configs = try manifests.read().flatMap(Self.configs)
        guard !configs.isEmpty else { throw Failure(.dataError, "the manifests hold no AmeshPluginConfig") }
        var isValid = true
        for config in configs {
          let result = check.check(config)
          isValid = isValid && result.problems.isEmpty
          Console.print(Self.describe(config, result))
        }
        if !isValid { throw ExitCode(1) }
      }
    }

    private func schemas() throws(Failure) -> PluginSchemas? {
      guard let schemaFile else { return nil }
      let bytes: [UInt8]
      do {
        bytes = try WholeFile.read(schemaFile, limit: PluginSchemas.maximumBytes)
      } catch {
        throw Failure(.noInput, "--schema-file \(schemaFile): \(error)")
      }
      do throws(PluginSchemasError) {
        return try PluginSchemas(parsing: bytes)
      } catch {
        throw Failure(.dataError, "--schema-file \(schemaFile): \(error)")
      }
    }

    private static func configs(_ object: JSONValue) -> [JSONValue] {
      if object["kind"]?.string == "List" { return object["items"]?.array?.flatMap(configs) ?? [] }
      return object["kind"]?.string == PluginConfig.kind ? [object] : []
    }

    /// `✔ add-header: response-rewrite`, or what is wrong with it.
    static func describe(_ config: JSONValue, _ result: PluginConfigCheck.Result) -> String {
      let metadata = config["metadata"]
      let name = [metadata?["namespace"]?.string, metadata?["name"]?.string].compactMap(\.self).joined(separator: "/")
      var lines: [String]
      if let config = result.config {
        lines = ["✔ \(name): \(config.plugins.map(\.key.description).joined(separator: ", "))"]
      } else {
        lines = ["✘ \(name)"] + result.problems.map { "    \($0)" }
      }
      lines += result.warnings.map { "    warning: \($0)" }
      if config["apiVersion"]?.string != PluginConfig.apiVersion {
        lines.append("    warning: apiVersion: has to be \(PluginConfig.apiVersion)")
      }
      return lines.joined(separator: "\n")
    }
  }
}

extension PluginConfigCheck.UnknownPlugins: ExpressibleByArgument {}
extension PluginConfigCheck.CodePlugins: ExpressibleByArgument {}
