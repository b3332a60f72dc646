package import Injection

/// Everything that `amesh serve` is told, validated as a whole.
package struct Configuration: Sendable, Equatable {
  package static let apiVersion = "amesh.apisix.apache.org/v1alpha1"
  package static let kind = "MeshConfig"

  /// What the mesh is: takes effect as soon as the file changes, but for its trust domain, its revision and the control
  /// plane's namespace, which certificates and objects are made for.
  package var mesh = MeshSettings()
  /// How this process serves it: read at start.
  package var server = ServerSettings()
  /// How it gives workloads their certificates: read at start.
  package var identity = IdentitySettings()
  /// How sidecars get their plugins: read at start.
  package var plugins = PluginSettings()

  package init() {}
}
