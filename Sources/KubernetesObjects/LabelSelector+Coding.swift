extension LabelSelector {
  /// Reads and validates a selector as the API server does; fields that are null count as absent.
  package init(_ value: JSONValue) throws(LabelSelectorError) {
    self.init()
    guard let object = value.object else { throw LabelSelectorError("a label selector", "an object", value) }
    for (field, value) in object where !value.isNull {
      switch field {
      case "matchLabels": matchLabels = try Self.labels(value)
      case "matchExpressions": matchExpressions = try Self.requirements(value)
      default:
        throw LabelSelectorError(
          "a label selector has no field \"\(field)\"; it has matchLabels and matchExpressions"
        )
      }
    }
  }

  /// The selector as JSON, labels in the order of their keys.
  package var value: JSONValue {
    var object = JSONObject()
    if !matchLabels.isEmpty {
      let labels = matchLabels.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
      object["matchLabels"] = .object(JSONObject(labels))
    }
    if !matchExpressions.isEmpty {
      object["matchExpressions"] = .array(matchExpressions.map(\.value))
    }
    return .object(object)
  }

  private static func labels(_ value: JSONValue) throws(LabelSelectorError) -> [String: String] {
    guard let object = value.object else { throw LabelSelectorError("matchLabels", "an object", value) }
    var labels: [String: String] = [:]
    for (key, value) in object {
      guard let text = value.string else { throw LabelSelectorError("matchLabels \"\(key)\"", "a string", value) }
      try check(key: key)
      try check(value: text)
      labels[key] = text
    }
    return labels
  }

  private static func requirements(_ value: JSONValue) throws(LabelSelectorError) -> [Requirement] {
    guard let elements = value.array else { throw LabelSelectorError("matchExpressions", "an array", value) }
    var requirements: [Requirement] = []
    for element in elements { requirements.append(try Requirement(element)) }
    return requirements
  }

  fileprivate static func check(key: String) throws(LabelSelectorError) {
    guard KubernetesName.isLabelKey(key) else {
      throw LabelSelectorError("\"\(key)\" is no label key: [prefix/]name, at most 63 of A-Z a-z 0-9 - _ . in the name")
    }
  }

  fileprivate static func check(value: String) throws(LabelSelectorError) {
    guard KubernetesName.isLabelValue(value) else {
      throw LabelSelectorError(
        "\"\(value)\" is no label value: at most 63 of A-Z a-z 0-9 - _ . with a letter or digit at both ends"
      )
    }
  }
}

extension LabelSelector.Requirement {
  fileprivate init(_ value: JSONValue) throws(LabelSelectorError) {
    guard let object = value.object else { throw LabelSelectorError("an expression", "an object", value) }
    for key in object.keys where !["key", "operator", "values"].contains(key) {
      throw LabelSelectorError("an expression has no field \"\(key)\"; it has key, operator and values")
    }
    guard let key = object["key"]?.string else {
      throw LabelSelectorError("an expression's key", "a string", object["key"])
    }
    try LabelSelector.check(key: key)
    guard let name = object["operator"]?.string, let known = LabelSelector.Operator(rawValue: name) else {
      let found = object["operator"].map { String(decoding: $0.serialized(), as: UTF8.self) } ?? "nothing"
      throw LabelSelectorError("operator of \"\(key)\" has to be In, NotIn, Exists or DoesNotExist, not \(found)")
    }
    self.init(key: key, operator: known, values: try Self.values(object["values"], of: key))
    switch known {
    case .in, .notIn:
      guard !values.isEmpty else { throw LabelSelectorError("\(name) of \"\(key)\" needs at least one of values") }
    case .exists, .doesNotExist:
      guard values.isEmpty else { throw LabelSelectorError("\(name) of \"\(key)\" takes no values") }
    }
  }

  private static func values(_ value: JSONValue?, of key: String) throws(LabelSelectorError) -> [String] {
    guard let value, !value.isNull else { return [] }
    guard let elements = value.array else { throw LabelSelectorError("values of \"\(key)\"", "an array", value) }
    var values: [String] = []
    for element in elements {
      guard let text = element.string else { throw LabelSelectorError("values of \"\(key)\"", "strings", element) }
      try LabelSelector.check(value: text)
      values.append(text)
    }
    return values
  }

  fileprivate var value: JSONValue {
    var object: JSONObject = ["key": .string(key), "operator": .string(self.operator.rawValue)]
    if !values.isEmpty { object["values"] = .array(values.map { .string($0) }) }
    return .object(object)
  }
}

/// Why a value is no label selector.
package struct LabelSelectorError: Error, Equatable, Sendable, CustomStringConvertible {
  package var description: String

  init(_ description: String) { self.description = description }

  init(_ what: String, _ expected: String, _ found: JSONValue?) {
    description = "\(what) has to be \(expected), not \(found?.kindName ?? "missing")"
  }
}
