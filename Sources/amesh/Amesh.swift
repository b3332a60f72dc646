import ArgumentParser

@main
struct Amesh: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "amesh",
    abstract: "A service mesh for Apache APISIX.",
    discussion: """
      `amesh serve` is the control plane: its webhook puts the APISIX sidecar into Pods. `amesh inject`, `uninject` and \
      `explain` do the same to manifests, offline; `amesh review` asks a running webhook. `amesh check` diagnoses a \
      cluster, `amesh plugin check` judges plugin configurations. `amesh ca` looks at the certificate authority and steers \
      it. `amesh svid` gets a certificate as a sidecar gets it, `amesh cert` explains one. `amesh redirect`, `amesh wait` and `amesh drain` are called inside a Pod by what \
      injection has put there. `amesh dump` shows what a control plane's resources become in APISIX.

      Configuration comes from one YAML file (kind MeshConfig), from AMESH_… variables over it, and from flags over both. \
      `amesh config reference` lists every key.

      Exit codes: 0 done, 1 not done, 64 wrong usage or configuration, 65 a manifest that cannot be \
      parsed, 66 a file that cannot be read, 69 an address \
      that cannot be listened on, 73 a directory that cannot be made, 77 one that cannot be written, 78 a certificate \
      that cannot be served.
      """,
    version: Version.current,
    subcommands: [
      ServeCommand.self, InjectCommand.self, UninjectCommand.self, ExplainCommand.self, ReviewCommand.self,
      CheckCommand.self, PluginCommand.self, CACommand.self, SVIDCommand.self, CertCommand.self, DumpCommand.self,
      ConfigCommand.self, RedirectCommand.self, WaitCommand.self, DrainCommand.self, VersionCommand.self,
    ]
  )

  static func main() async {
    await main(spellingOutNothing(CommandLine.arguments.dropFirst()))
  }

  /// ArgumentParser takes no `--ports=`, which is how the injector says "none"; it does take the empty word after a flag.
  static func spellingOutNothing(_ words: some Sequence<String>) -> [String] {
    words.flatMap { word in
      let isEmptyValue = word.hasPrefix("--") && word.count > 3 && word.firstIndex(of: "=") == word.indices.last
      return isEmptyValue ? [String(word.dropLast()), ""] : [word]
    }
  }
}
