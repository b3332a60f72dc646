import ArgumentParser
import MeshConfiguration

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run the control plane.",
    discussion: """
      Serves the webhook that puts the sidecar into Pods (HTTPS), the certificate authority that gives workloads their \
      SPIFFE certificates (SDS and Istio's CSR API, gRPC), in a cluster the stream of plugins to sidecars (gRPC), and an \
      admin port for /metrics, /healthz, /readyz and /config. \
      Without a certificate of its own the webhook makes one, kept in the state directory; clients verify it with \
      serving/ca.crt there. The authority's key is made and kept there too, unless another custody is configured; clients \
      verify its server with identity/root-cert.pem.

      The whole configuration is validated at start; every problem is reported with its place. The `mesh` part is taken \
      over whenever the file changes, the last good one staying in force while a new one is bad. SIGTERM and SIGINT drain \
      what is in flight and end with 0; a second one ends at once.

      Examples:
        amesh serve --state-directory ./state
        amesh serve --config mesh.yaml --set mesh.revision=blue
        AMESH_SERVER_LOG_LEVEL=debug amesh serve --config mesh.yaml --admin-port 0
      """
  )

  @OptionGroup var options: ConfigurationOptions

  @Option(help: "Where the webhook listens: server.webhook.port. 0 takes any free port.")
  var webhookPort: String?

  @Option(help: "Where /metrics and its kin listen: server.admin.port. 0 takes any free port.")
  var adminPort: String?

  @Option(help: "Where workloads get their certificates: identity.port. 0 takes any free port.")
  var identityPort: String?

  @Option(help: "Where sidecars get their plugins, in a cluster: plugins.port. 0 takes any free port.")
  var pluginPort: String?

  @Option(help: "Where the process keeps what outlives it: server.stateDirectory.")
  var stateDirectory: String?

  @Option(help: "trace, debug, info, notice, warning, error or critical: server.log.level.")
  var logLevel: String?

  @Option(help: "auto, json or text: server.log.format.")
  var logFormat: String?

  private var flags: [ConfigurationInput.Flag] {
    [
      ("--webhook-port", "server.webhook.port", webhookPort),
      ("--admin-port", "server.admin.port", adminPort),
      ("--identity-port", "identity.port", identityPort),
      ("--plugin-port", "plugins.port", pluginPort),
      ("--state-directory", "server.stateDirectory", stateDirectory),
      ("--log-level", "server.log.level", logLevel),
      ("--log-format", "server.log.format", logFormat),
    ].compactMap { name, key, value in
      value.map { ConfigurationInput.Flag(name: name, key: key, value: $0) }
    }
  }

  func run() async throws {
    try await reportingFailure {
      let source = options.source(flags: flags)
      let (loaded, text) = try source.load()
      try await ControlPlaneProcess(source: source, loaded: loaded, text: text).run()
    }
  }
}
