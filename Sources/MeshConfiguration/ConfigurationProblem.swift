package import KubernetesYAML

/// Where a value of the configuration comes from.
package enum ConfigurationOrigin: Sendable, Equatable, CustomStringConvertible {
  /// Nothing was configured.
  case defaults
  case file(String, SourceMark)
  case environment(String)
  /// A command line flag, as it is spelled.
  case flag(String)

  package var description: String {
    switch self {
    case .defaults: ""
    case .file(let name, let mark): "\(name):\(mark)"
    case .environment(let name): name
    case .flag(let flag): flag
    }
  }
}

/// One thing that is wrong: where, which key, and what would be right.
package struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
  package var origin: ConfigurationOrigin
  /// Dotted; empty when it concerns the file as a whole.
  package var key: String
  package var message: String

  package var description: String {
    [origin.description, key, message].filter { !$0.isEmpty }.joined(separator: ": ")
  }
}

/// A configuration that cannot be used; all its problems, in the order of the file.
package struct InvalidConfiguration: Error, Sendable, Equatable, CustomStringConvertible {
  package var problems: [ConfigurationProblem]

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension InvalidConfiguration {
  /// In the order of the file, then what comes from elsewhere.
  init(_ findings: Findings) {
    func place(_ problem: ConfigurationProblem, _ index: Int) -> (Int, Int, Int) {
      guard case .file(_, let mark) = problem.origin else { return (.max, .max, index) }
      return (mark.line, mark.column, index)
    }
    problems = findings.problems.enumerated()
      .sorted { place($0.element, $0.offset) < place($1.element, $1.offset) }
      .map(\.element)
  }
}

/// Collects problems, so that one reading finds them all.
struct Findings {
  private(set) var problems: [ConfigurationProblem] = []

  mutating func report(_ message: String, at origin: ConfigurationOrigin, key: String) {
    problems.append(ConfigurationProblem(origin: origin, key: key, message: message))
  }
}
