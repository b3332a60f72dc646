package import PluginConfiguration

/// How sidecars get their plugin configuration: the `plugins` part of a MeshConfig, already validated.
package struct PluginSettings: Sendable, Equatable {
  /// In a cluster, with a certificate authority; anywhere else there is nothing to serve.
  package var isEnabled = true
  package var address = "127.0.0.1"
  /// 0 takes any free port.
  package var port = 15810
  /// Without TLS, and to whoever says that it is a Pod.
  package var isPlaintext = false
  /// What APISIX's control API answers to `/v1/schema`; nil: what plugins themselves demand is not checked.
  package var schemaFile: String?
  package var unknownPlugins = PluginConfigCheck.UnknownPlugins.warn
  package var codePlugins = PluginConfigCheck.CodePlugins.deny

  package init() {}

  var warnings: [String] {
    guard isEnabled, isPlaintext else { return [] }
    return ["plugins.plaintext: anybody who reaches port \(port) can read every Pod's plugin configuration"]
  }
}
