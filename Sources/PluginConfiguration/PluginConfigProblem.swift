/// What is wrong with a config, and where.
package struct PluginConfigProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// `spec.plugins[0].config`
  package var path: String
  package var message: String

  package init(_ path: String, _ message: String) {
    self.path = path
    self.message = message
  }

  package var description: String { "\(path): \(message)" }
}

extension [PluginConfigProblem] {
  /// On one line, as long as a condition's message should be at most.
  package func summary(atMost limit: Int = 1024) -> String {
    let text = map(\.description).joined(separator: "; ")
    return text.count <= limit ? text : text.prefix(limit - 1) + "…"
  }
}

/// How large a config may be: what is read of it is written to every route that it is meant for.
package enum PluginConfigLimits {
  package static let plugins = 64
  package static let targets = 64
  /// Of each list of a target.
  package static let targetValues = 64
  package static let nameBytes = 256
  /// Of one plugin's configuration.
  package static let configBytes = 64 << 10
  package static let priority = -1_000_000...1_000_000
}
