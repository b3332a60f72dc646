/// Operations that are done one after the other, all or none, RFC 6902.
package struct JSONPatch: Sendable, Equatable {
  package var operations: [JSONPatchOperation]

  package init(_ operations: [JSONPatchOperation] = []) { self.operations = operations }

  /// The patched value; `value` itself never changes.
  ///
  /// The result is limited in depth and size, since every `copy` can double both.
  package func apply(to value: JSONValue) throws(JSONPatchError) -> JSONValue {
    var result = value
    for (index, operation) in operations.enumerated() {
      do throws(JSONPatchProblem) {
        try operation.apply(to: &result)
      } catch {
        throw JSONPatchError(index: index, operation: operation.name, path: operation.path.description, problem: error)
      }
    }
    return result
  }
}

/// One operation of a patch, RFC 6902 section 4.
package enum JSONPatchOperation: Sendable, Hashable {
  case add(path: JSONPointer, value: JSONValue)
  case remove(path: JSONPointer)
  case replace(path: JSONPointer, value: JSONValue)
  case move(from: JSONPointer, path: JSONPointer)
  case copy(from: JSONPointer, path: JSONPointer)
  case test(path: JSONPointer, value: JSONValue)

  package var name: String {
    switch self {
    case .add: "add"
    case .remove: "remove"
    case .replace: "replace"
    case .move: "move"
    case .copy: "copy"
    case .test: "test"
    }
  }

  package var path: JSONPointer {
    switch self {
    case .add(let path, _), .remove(let path), .replace(let path, _), .move(_, let path), .copy(_, let path),
      .test(let path, _):
      path
    }
  }
}

/// What is wrong with a patch, or why it does not apply: `operation 2 (replace /spec/foo): no such member "foo"`.
package struct JSONPatchError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Counted from 0; nil if the patch as a whole is wrong.
  package var index: Int?
  package var operation: String?
  package var path: String?
  package var problem: JSONPatchProblem

  package var description: String {
    guard let index else { return problem.description }
    let details = [operation, path].compactMap { $0?.isEmpty == false ? $0 : nil }.joined(separator: " ")
    return "operation \(index)" + (details.isEmpty ? "" : " (\(details))") + ": \(problem)"
  }
}

package enum JSONPatchProblem: Error, Equatable, Sendable, CustomStringConvertible {
  case notAnArray(String)
  case notAnObject(String)
  case missing(String)
  case notAString(String)
  case unknownOperation(String)
  case badPointer(JSONPointerError)
  case noSuchMember(String)
  case noContainer(token: String, found: String)
  case badIndex(String)
  case indexOutOfRange(String, count: Int)
  case intoItself
  case wholeDocument
  case different
  case tooLarge

  package var description: String {
    switch self {
    case .notAnArray(let found): "a JSON patch has to be an array of operations, not \(found)"
    case .notAnObject(let found): "an operation has to be an object, not \(found)"
    case .missing(let field): "\"\(field)\" is missing"
    case .notAString(let field): "\"\(field)\" has to be a string"
    case .unknownOperation(let name):
      "unknown operation \"\(name)\"; there are add, remove, replace, move, copy and test"
    case .badPointer(let error): error.description
    case .noSuchMember(let key): "no such member \"\(key)\""
    case .noContainer(let token, let found): "no \"\(token)\" in \(found); that takes an object or array"
    case .badIndex(let token): "\"\(token)\" is no array index; those are decimal without leading zeros"
    case .indexOutOfRange(let token, let count): "no element \(token) in an array of \(count)"
    case .intoItself: "a value can't be moved into itself"
    case .wholeDocument: "the whole document can't be removed"
    case .different: "the value is a different one"
    case .tooLarge:
      "the result would be nested deeper than \(JSONPatchLimits.depth) or hold more than \(JSONPatchLimits.values) values"
    }
  }
}
