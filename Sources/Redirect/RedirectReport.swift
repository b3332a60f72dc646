package import KubernetesObjects

/// What a run has found and done.
package struct RedirectReport: Sendable, Equatable {
  package enum Action: String, Sendable {
    /// There was nothing of ours.
    case created
    /// It was so already.
    case unchanged
    case replaced
    case removed
    /// There was nothing to remove.
    case absent
  }

  package struct Step: Sendable, Equatable {
    package var backend: Backend
    package var family: AddressFamily
    package var action: Action
    /// What the program was told, or would be; empty: it was not called.
    package var input: String

    package init(_ backend: Backend, _ family: AddressFamily, _ action: Action, input: String) {
      self.backend = backend
      self.family = family
      self.action = action
      self.input = input
    }
  }

  package var backend: Backend?
  package var families: [AddressFamily]
  package var steps: [Step]
  package var account: [String]
  package var warnings: [String]
  package var probes: [ProbeResult] = []

  package init(
    backend: Backend?,
    families: [AddressFamily],
    steps: [Step],
    account: [String],
    warnings: [String]
  ) {
    self.backend = backend
    self.families = families
    self.steps = steps
    self.account = account
    self.warnings = warnings
  }

  package var json: JSONValue {
    var object: JSONObject = [:]
    object["backend"] = backend.map { .string($0.rawValue) } ?? .null
    object["families"] = .array(families.map { .string($0.rawValue) })
    object["steps"] = .array(
      steps.map { step in
        [
          "backend": .string(step.backend.rawValue), "family": .string(step.family.rawValue),
          "action": .string(step.action.rawValue), "input": .string(step.input),
        ]
      }
    )
    object["account"] = .array(account.map(JSONValue.string))
    object["warnings"] = .array(warnings.map(JSONValue.string))
    object["probes"] = .array(probes.map(\.json))
    return .object(object)
  }
}

/// Whether one connection arrived where it should.
package struct ProbeResult: Sendable, Equatable {
  package enum Outcome: String, Sendable {
    case passed
    case failed
    /// It could not be tried here; the detail says why.
    case skipped
  }

  package var what: String
  package var outcome: Outcome
  package var detail: String

  package init(_ what: String, _ outcome: Outcome, _ detail: String) {
    self.what = what
    self.outcome = outcome
    self.detail = detail
  }

  var json: JSONValue {
    ["probe": .string(what), "outcome": .string(outcome.rawValue), "detail": .string(detail)]
  }
}
