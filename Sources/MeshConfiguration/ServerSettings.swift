package import Injection

/// How one control plane process serves its mesh: the `server` part of a MeshConfig, already validated.
package struct ServerSettings: Sendable, Equatable {
  package var mode = Mode.standalone
  /// Where the process keeps what outlives it; made if missing.
  package var stateDirectory = "/var/lib/amesh"
  /// What the cluster can do, while no API server tells.
  package var cluster = ClusterCapabilities(minorVersion: 33)
  /// What is known of namespaces, by name, while no API server tells.
  package var namespaces: [String: NamespaceMetadata] = [:]
  package var webhook = Webhook()
  package var admin = Admin()
  package var log = Log()
  package var shutdown = Shutdown()

  package init() {}

  package enum Mode: String, Sendable, CaseIterable {
    /// Without an API server: everything known is in this configuration.
    case standalone
    /// As a part of a cluster: what is known of namespaces, tokens, Pods and versions comes from its API server, and replicas
    /// share one authority.
    case kubernetes
  }

  package struct Webhook: Sendable, Equatable {
    package var address = "127.0.0.1"
    /// 0 takes any free port.
    package var port = 9443
    package var maximumBodyBytes = 7 << 20
    package var maximumConnections = 10_000
    /// Longer than the API server keeps its idle connections, so that it is the one to close them.
    package var idleTimeoutSeconds = 120
    package var readTimeoutSeconds = 10
    /// PEM, leaf first; nil, as the key: self-made in the state directory.
    package var certificateFile: String?
    package var privateKeyFile: String?
    /// DNS names and addresses of the self-made certificate; empty: the Service's names and loopback.
    package var names: [String] = []

    package init() {}
  }

  package struct Admin: Sendable, Equatable {
    package var address = "127.0.0.1"
    /// 0 takes any free port.
    package var port = 15014

    package init() {}
  }

  package struct Log: Sendable, Equatable {
    package enum Level: String, Sendable, CaseIterable {
      case trace, debug, info, notice, warning, error, critical
    }

    package enum Format: String, Sendable, CaseIterable {
      /// Text on a terminal, else JSON.
      case auto
      case json
      case text
    }

    package var level = Level.info
    package var format = Format.auto

    package init() {}
  }

  package struct Shutdown: Sendable, Equatable {
    /// Seconds that new requests are still served after the signal, until clients have learnt that we go.
    package var delaySeconds = 0
    /// Seconds after which open requests are cut.
    package var timeoutSeconds = 25

    package init() {}
  }

  /// The names that a self-made serving certificate carries.
  package func certificateNames(controlPlaneNamespace: String) -> [String] {
    guard webhook.names.isEmpty else { return webhook.names }
    let service = "amesh.\(controlPlaneNamespace).svc"
    return [service, "\(service).cluster.local", "localhost", "127.0.0.1", "::1"]
  }
}
