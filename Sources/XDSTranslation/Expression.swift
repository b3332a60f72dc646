import KubernetesObjects

/// Conditions of a route in the language of lua-resty-expr, all of which have to hold.
struct Expression: Sendable, Hashable {
  private(set) var conditions: [JSONValue] = []

  var isEmpty: Bool { conditions.isEmpty }

  init(_ conditions: [JSONValue] = []) { self.conditions = conditions }

  mutating func add(_ other: Expression) { conditions += other.conditions }

  static func equals(_ variable: String, _ value: String) -> Expression {
    Expression([[.string(variable), "==", .string(value)]])
  }

  static func isOneOf(_ variable: String, _ values: [String]) -> Expression {
    if values.count == 1, let only = values.first { return equals(variable, only) }
    return Expression([[.string(variable), "in", .array(values.map { .string($0) })]])
  }

  static func matches(_ variable: String, _ pattern: String, ignoringCase: Bool = false) -> Expression {
    Expression([[.string(variable), ignoringCase ? "~*" : "~~", .string(pattern)]])
  }

  /// An absent variable matches no pattern, not even one that any text matches.
  static func isPresent(_ variable: String) -> Expression { matches(variable, "^") }

  static func isAtLeast(_ variable: String, _ bound: Int64) -> Expression {
    Expression([[.string(variable), ">=", .number(JSONNumber(Int(bound)))]])
  }

  static func isBelow(_ variable: String, _ bound: Int64) -> Expression {
    Expression([[.string(variable), "<", .number(JSONNumber(Int(bound)))]])
  }

  /// Holds where this does not.
  var negated: Expression {
    guard conditions.count == 1, case .array(let parts) = conditions[0], let first = parts.first?.string else {
      return Expression([.array(["!AND"] + conditions)])
    }
    if let opposite = Self.opposites[first] { return Expression([.array([.string(opposite)] + parts.dropFirst())]) }
    if parts.count == 4 { return Expression([.array([parts[0], parts[2], parts[3]])]) }
    return Expression([.array([parts[0], "!"] + parts.dropFirst())])
  }

  private static let opposites = ["AND": "!AND", "OR": "!OR", "!AND": "AND", "!OR": "OR"]

  /// Holds where one of both holds.
  static func either(_ one: Expression, _ other: Expression) -> Expression {
    Expression([["OR", one.asOne, other.asOne]])
  }

  private var asOne: JSONValue { conditions.count == 1 ? conditions[0] : .array(["AND"] + conditions) }

  var value: JSONValue { .array(conditions) }
}
