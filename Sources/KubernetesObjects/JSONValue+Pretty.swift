extension JSONValue {
  /// The value as JSON with a line for each member and element, `indent` spaces for each level.
  package func serialized(indent: Int) -> [UInt8] {
    var lines = PrettyPrinter(indent: max(0, indent))
    lines.append(self, level: 0)
    return lines.bytes
  }
}

private struct PrettyPrinter {
  let indent: Int
  var bytes: [UInt8] = []

  mutating func append(_ value: JSONValue, level: Int) {
    switch value {
    case .array(let elements) where !elements.isEmpty:
      bytes.append(UInt8(ascii: "["))
      for (position, element) in elements.enumerated() {
        newline(after: position, level: level + 1)
        append(element, level: level + 1)
      }
      newline(after: 0, level: level)
      bytes.append(UInt8(ascii: "]"))
    case .object(let members) where !members.isEmpty:
      bytes.append(UInt8(ascii: "{"))
      for (position, member) in members.enumerated() {
        newline(after: position, level: level + 1)
        bytes.append(contentsOf: JSONValue.string(member.key).serialized())
        bytes.append(contentsOf: [UInt8(ascii: ":"), UInt8(ascii: " ")])
        append(member.value, level: level + 1)
      }
      newline(after: 0, level: level)
      bytes.append(UInt8(ascii: "}"))
    default:
      bytes.append(contentsOf: value.serialized())
    }
  }

  private mutating func newline(after position: Int, level: Int) {
    if position > 0 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * level))
  }
}
