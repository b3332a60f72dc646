package import KubernetesObjects

/// All that can be said of a config before a sidecar has it: at admission, by the controller, and offline.
package struct PluginConfigCheck: Sendable {
  /// What becomes of a plugin that the schemas do not have. APISIX serves a route without a plugin that it does not know.
  package enum UnknownPlugins: String, Sendable, CaseIterable {
    /// Taken, with a warning.
    case warn
    case deny
  }

  /// What becomes of a plugin that runs what its config says, in the process that has the Pod's key.
  package enum CodePlugins: String, Sendable, CaseIterable {
    case deny
    case allow
  }

  package struct Result: Sendable, Equatable {
    /// Nil if there are problems.
    package var config: PluginConfig?
    package var problems: [PluginConfigProblem]
    package var warnings: [PluginConfigProblem]
  }

  /// Nil: what plugins themselves demand is not checked.
  package var schemas: PluginSchemas?
  package var unknownPlugins: UnknownPlugins
  package var codePlugins: CodePlugins

  package init(
    schemas: PluginSchemas? = nil,
    unknownPlugins: UnknownPlugins = .warn,
    codePlugins: CodePlugins = .deny
  ) {
    self.schemas = schemas
    self.unknownPlugins = unknownPlugins
    self.codePlugins = codePlugins
  }

  package func check(_ object: JSONValue) -> Result {
    let reading = PluginConfigReading(object)
    var result = Result(config: reading.config, problems: reading.problems, warnings: [])
    for (position, plugin) in zip(0..., reading.config?.plugins ?? []) where plugin.key.phase == .route {
      let path = "spec.plugins[\(position)]"
      let restrictions = PluginRestriction.problems(of: plugin, at: path, codePlugins: codePlugins)
      result.problems += restrictions
      if restrictions.isEmpty { check(plugin, at: path, &result) }
    }
    if !result.problems.isEmpty { result.config = nil }
    return result
  }

  private func check(_ plugin: PluginEntry, at path: String, _ result: inout Result) {
    guard let schemas else { return }
    guard let problems = schemas.problems(of: plugin, at: "\(path).config") else {
      let message = "\(plugin.key.name) is no plugin of the schema file; "
      switch unknownPlugins {
      case .deny:
        result.problems.append(
          .init("\(path).name", message + "check the spelling, or add its schema (plugins.schemaFile)")
        )
      case .warn:
        result.warnings.append(.init("\(path).name", message + "APISIX leaves out what it does not know"))
      }
      return
    }
    result.problems += problems
    for name in schemas.strangers(in: plugin) {
      result.warnings.append(.init("\(path).config.\(name.prefix(80))", "\(plugin.key.name) has no such setting"))
    }
  }
}
