package import KubernetesObjects

/// What is known of a config when its status is written.
package struct PluginConfigFacts: Sendable, Hashable {
  package var generation: Int
  /// Why it is not applied; empty while it is.
  package var problems: [PluginConfigProblem] = []
  /// Pods with a sidecar that it selects.
  package var selected = 0
  /// Sidecars that have it in force.
  package var acknowledged = 0
  /// Sidecars that have it in force, but not all of it.
  package var refused = 0
  /// What one of those says.
  package var refusal = ""
  package var conflicts: [PluginSet.Conflict] = []
  /// What it configures, also while it is not applied.
  package var plugins: [String] = []

  package init(generation: Int) { self.generation = generation }
}

/// The status of a config, for people and for `kubectl wait`.
package enum PluginConfigStatus {
  package static let longestMessage = 1024

  /// - Parameters:
  ///   - key: of the config.
  ///   - previous: the status that is there; times stay where nothing has changed.
  ///   - now: as the API server writes times.
  package static func status(
    of key: PluginConfigKey,
    _ facts: PluginConfigFacts,
    previous: JSONValue?,
    now: String
  ) -> JSONValue {
    let conditions = [accepted(facts), programmed(facts), conflicted(key, facts)].map { condition in
      condition.value(generation: facts.generation, previous: previous, now: now)
    }
    return [
      "observedGeneration": .number(JSONNumber(facts.generation)),
      "plugins": .string(plugins(facts.plugins)),
      "sidecars": .string("\(facts.acknowledged)/\(facts.selected)"),
      "conditions": .array(conditions),
    ]
  }

  /// For a column of a terminal: `kubectl get` itself shows the first of a list only.
  private static func plugins(_ names: [String]) -> String {
    let shown = names.prefix(3).map { String($0.prefix(40)) }.joined(separator: ",")
    return names.count > 3 ? "\(shown),+\(names.count - 3)" : shown
  }

  private static func accepted(_ facts: PluginConfigFacts) -> Condition {
    guard facts.problems.isEmpty else {
      return Condition("Accepted", false, "Invalid", "nothing of it is applied: \(facts.problems.summary())")
    }
    return Condition("Accepted", true, "Valid", "it is applied where it is meant for")
  }

  private static func programmed(_ facts: PluginConfigFacts) -> Condition {
    let type = "Programmed"
    let those = facts.selected == 1 ? "1 selected sidecar" : "\(facts.selected) selected sidecars"
    let have = facts.selected == 1 ? "has" : "have"
    if !facts.problems.isEmpty { return Condition(type, false, "Invalid", "see Accepted") }
    if facts.selected == 0 {
      return Condition(
        type,
        false,
        "NoSidecars",
        "it selects no Pod with a sidecar; compare its selector with their labels"
      )
    }
    if facts.refused > 0 {
      return Condition(
        type,
        false,
        "PartlyRefused",
        "\(facts.refused) of \(those) can't apply all of it: \(facts.refusal)"
      )
    }
    if facts.acknowledged < facts.selected {
      return Condition(type, false, "Pending", "\(facts.acknowledged) of \(those) \(have) it in force")
    }
    return Condition(type, true, "Programmed", "\(those) \(have) it in force")
  }

  private static func conflicted(_ key: PluginConfigKey, _ facts: PluginConfigFacts) -> Condition {
    guard !facts.conflicts.isEmpty else {
      return Condition("Conflicted", false, "NoConflict", "nobody else has other plans for its plugins")
    }
    let texts = facts.conflicts.sorted { ($0.plugin, $0.winner, $0.loser) < ($1.plugin, $1.winner, $1.loser) }.map {
      $0.winner == key
        ? "\($0.plugin) is taken from here, and \($0.loser.name) wants it otherwise"
        : "\($0.plugin) is taken from \($0.winner.name), which is older"
    }
    return Condition(
      "Conflicted",
      true,
      "SamePriority",
      "\(texts.joined(separator: "; ")); set spec.priority to say who wins, or targets that do not meet"
    )
  }
}

private struct Condition {
  let type: String
  let isTrue: Bool
  let reason: String
  let message: String

  init(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String) {
    self.type = type
    self.isTrue = isTrue
    self.reason = reason
    let limit = PluginConfigStatus.longestMessage
    self.message = message.count <= limit ? message : message.prefix(limit - 1) + "…"
  }

  func value(generation: Int, previous: JSONValue?, now: String) -> JSONValue {
    let status = isTrue ? "True" : "False"
    let former = previous?["conditions"]?.array?.first { $0["type"]?.string == type }
    let since = former?["status"]?.string == status ? former?["lastTransitionTime"]?.string : nil
    return [
      "type": .string(type),
      "status": .string(status),
      "observedGeneration": .number(JSONNumber(generation)),
      "lastTransitionTime": .string(since ?? now),
      "reason": .string(reason),
      "message": .string(message),
    ]
  }
}
