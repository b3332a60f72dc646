import CertificateAuthority
import KubernetesObjects

/// A configuration that can be used, and what its author should know.
package struct LoadedConfiguration: Sendable {
  package var configuration: Configuration
  package var warnings: [String]
}

extension ConfigurationInput {
  /// Reads and validates everything.
  /// - Throws: ``InvalidConfiguration`` with every problem there is.
  package func load() throws(InvalidConfiguration) -> LoadedConfiguration {
    var findings = Findings()
    var configuration = Configuration()
    let tree = tree(&findings)
    Self.read(tree, settings: Setting.all[...], depth: 0, into: &configuration, &findings)
    // Rules that span keys make sense only of values that are right by themselves.
    if findings.problems.isEmpty {
      for rule in ConfigurationRule.all {
        guard let message = rule.check(configuration) else { continue }
        let origin = tree.nearest(rule.key.split(separator: ".").map(String.init)).origin
        findings.report(message, at: origin, key: rule.key)
      }
    }
    guard findings.problems.isEmpty else { throw InvalidConfiguration(findings) }
    return LoadedConfiguration(
      configuration: configuration,
      warnings: unknownVariables + PatchTrial(configuration.mesh).warnings + configuration.identity.warnings
        + configuration.plugins.warnings
    )
  }

  /// Hands the values below a node to the settings whose paths lead there.
  private static func read(
    _ node: SourcedValue,
    settings: ArraySlice<Setting>,
    depth: Int,
    into configuration: inout Configuration,
    _ findings: inout Findings
  ) {
    let prefix = settings.first?.path.prefix(depth).joined(separator: ".") ?? ""
    var children: [String: [Setting]] = [:]
    for setting in settings where setting.path.count > depth {
      children[setting.path[depth], default: []].append(setting)
    }
    for member in node.members(key: prefix, known: Array(children.keys), &findings) {
      guard let below = children[member.key] else { continue }
      if let setting = below.first, below.count == 1, setting.path.count == depth + 1 {
        setting.read(member.value, &configuration, &findings)
      } else {
        read(member.value, settings: below[...], depth: depth + 1, into: &configuration, &findings)
      }
    }
  }
}
