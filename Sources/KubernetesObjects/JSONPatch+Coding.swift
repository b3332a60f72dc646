extension JSONPatch {
  /// Reads a patch; members that an operation does not need are ignored, as RFC 6902 section 4 wants it.
  package init(_ value: JSONValue) throws(JSONPatchError) {
    guard let elements = value.array else { throw JSONPatchError(problem: .notAnArray(value.kindName)) }
    operations = []
    for (index, element) in elements.enumerated() {
      do throws(JSONPatchProblem) {
        operations.append(try JSONPatchOperation(element))
      } catch {
        throw JSONPatchError(
          index: index,
          operation: element["op"]?.string,
          path: element["path"]?.string,
          problem: error
        )
      }
    }
  }

  /// The patch as JSON.
  package var value: JSONValue { .array(operations.map(\.value)) }
}

extension JSONPatchOperation {
  init(_ value: JSONValue) throws(JSONPatchProblem) {
    guard let object = value.object else { throw .notAnObject(value.kindName) }
    let name = try Self.text("op", in: object)
    switch name {
    case "add": self = .add(path: try Self.pointer("path", in: object), value: try Self.operand(in: object))
    case "remove": self = .remove(path: try Self.pointer("path", in: object))
    case "replace": self = .replace(path: try Self.pointer("path", in: object), value: try Self.operand(in: object))
    case "move":
      self = .move(from: try Self.pointer("from", in: object), path: try Self.pointer("path", in: object))
    case "copy":
      self = .copy(from: try Self.pointer("from", in: object), path: try Self.pointer("path", in: object))
    case "test": self = .test(path: try Self.pointer("path", in: object), value: try Self.operand(in: object))
    default: throw .unknownOperation(name)
    }
  }

  package var value: JSONValue {
    var object: JSONObject = ["op": .string(name)]
    switch self {
    case .move(let from, _), .copy(let from, _): object["from"] = .string(from.description)
    case .add, .remove, .replace, .test: break
    }
    object["path"] = .string(path.description)
    switch self {
    case .add(_, let value), .replace(_, let value), .test(_, let value): object["value"] = value
    case .remove, .move, .copy: break
    }
    return .object(object)
  }

  private static func text(_ field: String, in object: JSONObject) throws(JSONPatchProblem) -> String {
    guard let value = object[field] else { throw .missing(field) }
    guard let text = value.string else { throw .notAString(field) }
    return text
  }

  private static func pointer(_ field: String, in object: JSONObject) throws(JSONPatchProblem) -> JSONPointer {
    let text = try text(field, in: object)
    do throws(JSONPointerError) {
      return try JSONPointer(text)
    } catch {
      throw .badPointer(error)
    }
  }

  private static func operand(in object: JSONObject) throws(JSONPatchProblem) -> JSONValue {
    guard let value = object["value"] else { throw .missing("value") }
    return value
  }
}
