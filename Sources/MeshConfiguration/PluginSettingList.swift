import PluginConfiguration

extension Setting {
  /// Keys that say how sidecars get their plugins.
  static let pluginSettings: [Setting] = [
    Setting(
      "plugins.enabled",
      \.plugins.isEnabled,
      .bool,
      "Whether sidecars get plugins of AmeshPluginConfigs from this process; in a cluster only."
    ),
    Setting(
      "plugins.address",
      \.plugins.address,
      .listeningAddress,
      "Where their streams are served; in a cluster `::` or `0.0.0.0`."
    ),
    Setting(
      "plugins.port",
      \.plugins.port,
      .listeningPort,
      "Its port; 0: any free one."
    ),
    Setting(
      "plugins.plaintext",
      \.plugins.isPlaintext,
      .bool,
      "Without TLS and without proof of who asks: for sidecars that can't do either."
    ),
    Setting(
      "plugins.schemaFile",
      \.plugins.schemaFile,
      .optional(.path),
      "The schemas of the plugins, as `hack/apisix-schemas` writes them; followed while the server runs. null: only JSON is checked."
    ),
    Setting(
      "plugins.unknownPlugins",
      \.plugins.unknownPlugins,
      .choice("what to do"),
      "With a plugin that the schema file does not have: `warn`, since APISIX leaves it out, or `deny`."
    ),
    Setting(
      "plugins.codePlugins",
      \.plugins.codePlugins,
      .choice("what to do"),
      "With a plugin that runs what its config says, in the process that has the Pod's key: `deny`, or `allow`."
    ),
  ]
}
