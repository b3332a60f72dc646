/// How far `copy` may blow a value up: as values share storage, a few operations could build what no walk ends on.
enum JSONPatchLimits {
  static let depth = 512
  static let values = 1_000_000

  static func check(
    adding value: JSONValue,
    at path: JSONPointer,
    of document: JSONValue
  ) throws(JSONPatchProblem) {
    var remaining = values
    guard count(value, depth: depth - path.tokens.count, &remaining), count(document, depth: depth, &remaining) else {
      throw .tooLarge
    }
  }

  private static func count(_ value: JSONValue, depth: Int, _ remaining: inout Int) -> Bool {
    remaining -= 1
    guard remaining >= 0, depth >= 0 else { return false }
    switch value {
    case .null, .bool, .number, .string:
      return true
    case .array(let elements):
      for element in elements where !count(element, depth: depth - 1, &remaining) { return false }
      return true
    case .object(let members):
      for member in members where !count(member.value, depth: depth - 1, &remaining) { return false }
      return true
    }
  }
}
