extension JSONView {
  /// A deep copy that stands on its own.
  package var value: JSONValue {
    switch kind {
    case .null: return .null
    case .bool: return .bool(bool ?? false)
    case .number: return .number(JSONNumber(unchecked: String(decoding: source, as: UTF8.self)))
    case .string: return .string(string ?? "")
    case .array:
      var values: [JSONValue] = []
      values.reserveCapacity(count)
      for element in elements { values.append(element.value) }
      return .array(values)
    case .object:
      var object = JSONObject()
      object.reserveCapacity(count)
      for (key, value) in members { object.appendNew(key.string ?? "", value.value) }
      return .object(object)
    }
  }

  /// Whether both mean the same: objects in any order, strings by what they decode to, numbers by value.
  package func semanticallyEquals(_ other: JSONView) -> Bool {
    guard kind == other.kind, count == other.count else { return false }
    switch kind {
    case .null: return true
    case .bool: return bool == other.bool
    case .number: return source == other.source || value == other.value
    case .string: return sameString(other)
    case .array:
      for (one, two) in zip(elements, other.elements) where !one.semanticallyEquals(two) { return false }
      return true
    case .object:
      return sameMembers(other)
    }
  }

  private func sameString(_ other: JSONView) -> Bool {
    if source == other.source { return true }
    guard node.hasEscapes || other.node.hasEscapes, let text = other.string else { return false }
    return equals(text)
  }

  /// Keys are unique on both sides and equally many, so one direction is enough.
  private func sameMembers(_ other: JSONView) -> Bool {
    var index: [JSONKey: JSONView] = [:]
    if count > JSONKeys.smallObject {
      for (key, value) in other.members { index[JSONKey(key.string ?? "")] = value }
    }
    for (key, value) in members {
      let counterpart =
        index.isEmpty
        ? other.members.first { member in member.key.sameString(key) }?.value
        : index[JSONKey(key.string ?? "")]
      guard let counterpart, value.semanticallyEquals(counterpart) else { return false }
    }
    return true
  }
}
