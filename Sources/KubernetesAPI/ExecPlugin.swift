/// A program that gives credentials, as `client.authentication.k8s.io` describes it.
package struct ExecPlugin: Sendable, Hashable {
  package enum Version: String, Sendable, Hashable, CaseIterable {
    case v1 = "client.authentication.k8s.io/v1"
    case v1beta1 = "client.authentication.k8s.io/v1beta1"
  }

  package var version: Version
  /// Looked for in `PATH` where it has no slash.
  package var command: String
  package var arguments: [String]
  /// On top of ours.
  package var environment: [String: String]
  /// What to do where the program is missing, in its vendor's words.
  package var installHint: String?
  /// Whether the program gets to know the cluster.
  package var wantsClusterInfo: Bool

  package init(
    version: Version,
    command: String,
    arguments: [String] = [],
    environment: [String: String] = [:],
    installHint: String? = nil,
    wantsClusterInfo: Bool = false
  ) {
    self.version = version
    self.command = command
    self.arguments = arguments
    self.environment = environment
    self.installHint = installHint
    self.wantsClusterInfo = wantsClusterInfo
  }
}
