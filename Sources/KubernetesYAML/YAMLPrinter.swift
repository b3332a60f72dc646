package import KubernetesObjects

/// Prints JSON values as YAML in block style, the way `kubectl` lays it out.
///
/// Whatever reads YAML 1.1 or 1.2 reads the same values back: strings that either would take for something else are
/// quoted, several lines become a literal block.
package struct YAMLPrinter {
  private var text = ""

  /// One document, with a line break at its end.
  package static func print(_ value: JSONValue) -> String {
    var printer = YAMLPrinter()
    switch value {
    case .object(let object) where object.count > 0: printer.object(object, indent: 0)
    case .array(let elements) where !elements.isEmpty: printer.array(elements, indent: 0)
    default: printer.text = scalar(value) + "\n"
    }
    return printer.text
  }

  /// Several documents, separated by `---`.
  package static func print(stream: [JSONValue]) -> String {
    stream.map(print).joined(separator: "---\n")
  }

  private mutating func object(_ object: JSONObject, indent: Int) {
    var isFirst = true
    for (key, value) in object {
      // The first key follows what its parent has written: nothing, or the dash of a list.
      if !isFirst { text += spaces(indent) }
      isFirst = false
      let spelling = YAMLString.inline(key)
      // Parsers look at most 1,024 characters ahead for the colon of a key.
      text += spelling.utf8.count <= 1000 ? spelling + ":" : "? " + spelling + "\n" + spaces(indent) + ":"
      member(value, indent: indent)
    }
  }

  private mutating func member(_ value: JSONValue, indent: Int) {
    switch value {
    case .object(let object) where object.count > 0:
      text += "\n" + spaces(indent + 2)
      self.object(object, indent: indent + 2)
    case .array(let elements) where !elements.isEmpty:
      text += "\n" + spaces(indent)
      array(elements, indent: indent)
    default:
      text += " "
      leaf(value, indent: indent + 2)
    }
  }

  private mutating func array(_ elements: [JSONValue], indent: Int) {
    var isFirst = true
    for element in elements {
      if !isFirst { text += spaces(indent) }
      isFirst = false
      text += "- "
      switch element {
      case .object(let object) where object.count > 0: self.object(object, indent: indent + 2)
      case .array(let inner) where !inner.isEmpty: array(inner, indent: indent + 2)
      default: leaf(element, indent: indent + 2)
      }
    }
  }

  private mutating func leaf(_ value: JSONValue, indent: Int) {
    if case .string(let string) = value, let block = YAMLString.literal(string, indent: indent) {
      text += block
    } else {
      text += Self.scalar(value) + "\n"
    }
  }

  private static func scalar(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let bool): bool ? "true" : "false"
    case .number(let number): number.spelling
    case .string(let string): YAMLString.inline(string)
    case .array: "[]"
    case .object: "{}"
    }
  }

  private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}
