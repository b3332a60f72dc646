/// One line of a diagnosis.
package struct Finding: Sendable, Hashable {
  package enum Level: String, Sendable, Comparable, CaseIterable {
    case ok
    /// It works, or may work, and is not what it should be; or it could not be looked at.
    case warning
    /// Something does not work.
    case failure

    package static func < (one: Level, other: Level) -> Bool { one.rank < other.rank }

    private var rank: Int {
      switch self {
      case .ok: 0
      case .warning: 1
      case .failure: 2
      }
    }
  }

  package var section: Section
  package var level: Level
  package var text: String
  /// What to do; nil for what is well.
  package var cure: String?

  package static func ok(_ section: Section, _ text: String) -> Finding {
    Finding(section: section, level: .ok, text: text)
  }

  package static func warning(_ section: Section, _ text: String, cure: String) -> Finding {
    Finding(section: section, level: .warning, text: text, cure: cure)
  }

  package static func failure(_ section: Section, _ text: String, cure: String) -> Finding {
    Finding(section: section, level: .failure, text: text, cure: cure)
  }

  /// What could not be looked at is never passed over in silence.
  static func unknown(_ section: Section, _ what: String, _ problem: String) -> Finding {
    .warning(section, "\(what) could not be looked at: \(problem)", cure: "see to that, and check again")
  }
}

/// What a diagnosis looks at, in this order.
package enum Section: String, Sendable, CaseIterable {
  case server = "API server"
  case controlPlane = "control plane"
  case webhooks = "webhooks"
  case certificates = "certificates"
  case bundle = "trust bundle"
  case leader = "leader"
  case permissions = "permissions"
  case namespaces = "namespaces"
  case pods = "Pods"
}
