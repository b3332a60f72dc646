/// A JSON value that is built or changed; what was parsed keeps member order, number spelling and everything unknown.
///
/// Equality is that of RFC 6902 section 4.6: objects in any order, numbers by value, strings byte for byte.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// Parses one JSON text, see ``JSONDocument/init(parsing:maximumDepth:)``.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    self = try JSONDocument(parsing: bytes).root.value
  }

  package var isNull: Bool {
    if case .null = self { true } else { false }
  }

  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// A whole number that is spelled without fraction and exponent and fits; nil for anything else.
  package var integer: Int? {
    if case .number(let number) = self { number.integer } else { nil }
  }

  package var bool: Bool? {
    if case .bool(let flag) = self { flag } else { nil }
  }

  package var array: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  package var object: JSONObject? {
    if case .object(let members) = self { members } else { nil }
  }

  /// What the value is, for a message: `an object`, `null`, ….
  package var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The member of that name; nil if there is none or this is no object. Setting on anything but an object does
  /// nothing, except that null becomes an object.
  package subscript(_ key: String) -> JSONValue? {
    get {
      if case .object(let members) = self { members[key] } else { nil }
    }
    set {
      switch self {
      case .object(var members):
        self = .null
        members[key] = newValue
        self = .object(members)
      case .null:
        if let newValue { self = .object([key: newValue]) }
      case .bool, .number, .string, .array:
        break
      }
    }
  }

  /// The element at that position; nil if there is none or this is no array. Setting where there is no element does
  /// nothing; nil removes the element.
  package subscript(_ index: Int) -> JSONValue? {
    get {
      guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
      return elements[index]
    }
    set {
      guard case .array(var elements) = self, elements.indices.contains(index) else { return }
      self = .null
      if let newValue { elements[index] = newValue } else { elements.remove(at: index) }
      self = .array(elements)
    }
  }

  /// The value as JSON without white space.
  package func serialized() -> [UInt8] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.bytes
  }
}

extension JSONValue: Hashable {
  package static func == (one: JSONValue, other: JSONValue) -> Bool {
    switch (one, other) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): JSONKey(a) == JSONKey(b)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .bool(let flag): hasher.combine(flag)
    case .number(let number): hasher.combine(number)
    case .string(let text): hasher.combine(JSONKey(text))
    case .array(let elements): hasher.combine(elements)
    case .object(let members): hasher.combine(members)
    }
  }
}
