/// `metav1.LabelSelector`: every label and every expression has to match, so an empty selector matches everything.
///
/// In Kubernetes a selector that is absent (null) matches nothing; here that is an Optional of the caller.
package struct LabelSelector: Sendable, Equatable {
  package var matchLabels: [String: String]
  package var matchExpressions: [Requirement]

  package struct Requirement: Sendable, Equatable {
    package var key: String
    package var `operator`: Operator
    package var values: [String]

    package init(key: String, operator: Operator, values: [String] = []) {
      self.key = key
      self.operator = `operator`
      self.values = values
    }
  }

  package enum Operator: String, Sendable, CaseIterable {
    case `in` = "In"
    case notIn = "NotIn"
    case exists = "Exists"
    case doesNotExist = "DoesNotExist"
  }

  package init(matchLabels: [String: String] = [:], matchExpressions: [Requirement] = []) {
    self.matchLabels = matchLabels
    self.matchExpressions = matchExpressions
  }

  package var isEmpty: Bool { matchLabels.isEmpty && matchExpressions.isEmpty }

  /// Whether labels match; `lookup` gives a label's value, nil where there is no such label.
  package func matches(_ lookup: (String) -> String?) -> Bool {
    for (key, value) in matchLabels {
      guard let label = lookup(key), JSONKey(label) == JSONKey(value) else { return false }
    }
    for requirement in matchExpressions where !requirement.matches(lookup(requirement.key)) { return false }
    return true
  }
}

extension LabelSelector.Requirement {
  /// Whether a label of that value, nil for none, fulfils this. A label that is not there is not in any set.
  package func matches(_ value: String?) -> Bool {
    switch (self.operator, value) {
    case (.in, let value?): values.contains { JSONKey($0) == JSONKey(value) }
    case (.notIn, let value?): !values.contains { JSONKey($0) == JSONKey(value) }
    case (.exists, _?), (.notIn, nil), (.doesNotExist, nil): true
    case (.in, nil), (.exists, nil), (.doesNotExist, _?): false
    }
  }
}
