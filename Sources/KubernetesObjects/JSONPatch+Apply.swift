extension JSONPatchOperation {
  func apply(to document: inout JSONValue) throws(JSONPatchProblem) {
    switch self {
    case .add(let path, let value):
      try document.insert(value, at: path.tokens[...])
    case .remove(let path):
      guard !path.tokens.isEmpty else { throw .wholeDocument }
      _ = try document.extract(at: path.tokens[...])
    case .replace(let path, let value):
      try document.replace(at: path.tokens[...], by: value)
    case .move(let from, let path):
      guard from != path else {
        _ = try document.value(at: from.tokens[...])
        return
      }
      guard !path.tokens.starts(with: from.tokens, by: { JSONKey($0) == JSONKey($1) }) else { throw .intoItself }
      try document.insert(try document.extract(at: from.tokens[...]), at: path.tokens[...])
    case .copy(let from, let path):
      let value = try document.value(at: from.tokens[...])
      try JSONPatchLimits.check(adding: value, at: path, of: document)
      try document.insert(value, at: path.tokens[...])
    case .test(let path, let value):
      guard try document.value(at: path.tokens[...]) == value else { throw .different }
    }
  }
}

extension JSONValue {
  fileprivate func value(at path: ArraySlice<String>) throws(JSONPatchProblem) -> JSONValue {
    var value = self
    for token in path {
      switch value {
      case .object(let members):
        guard let member = members[token] else { throw .noSuchMember(token) }
        value = member
      case .array(let elements):
        value = elements[try JSONArrayIndex.existing(token, count: elements.count)]
      case .null, .bool, .number, .string:
        throw .noContainer(token: token, found: value.kindName)
      }
    }
    return value
  }

  fileprivate mutating func insert(_ value: JSONValue, at path: ArraySlice<String>) throws(JSONPatchProblem) {
    try update(at: path) { _ throws(JSONPatchProblem) in
      value
    } last: { container, token throws(JSONPatchProblem) in
      switch container {
      case .object(var members):
        container = .null
        members[token] = value
        container = .object(members)
      case .array(var elements):
        let index = try JSONArrayIndex.insertion(token, count: elements.count)
        container = .null
        elements.insert(value, at: index)
        container = .array(elements)
      case .null, .bool, .number, .string:
        throw .noContainer(token: token, found: container.kindName)
      }
    }
  }

  fileprivate mutating func replace(at path: ArraySlice<String>, by value: JSONValue) throws(JSONPatchProblem) {
    try update(at: path) { _ throws(JSONPatchProblem) in
      value
    } last: { container, token throws(JSONPatchProblem) in
      try container.withChild(token) { child throws(JSONPatchProblem) in child = value }
    }
  }

  fileprivate mutating func extract(at path: ArraySlice<String>) throws(JSONPatchProblem) -> JSONValue {
    var extracted = self
    try update(at: path) { whole throws(JSONPatchProblem) in
      whole
    } last: { container, token throws(JSONPatchProblem) in
      switch container {
      case .object(var members):
        guard let member = members[token] else { throw .noSuchMember(token) }
        extracted = member
        container = .null
        members[token] = nil
        container = .object(members)
      case .array(var elements):
        let index = try JSONArrayIndex.existing(token, count: elements.count)
        container = .null
        extracted = elements.remove(at: index)
        container = .array(elements)
      case .null, .bool, .number, .string:
        throw .noContainer(token: token, found: container.kindName)
      }
    }
    return extracted
  }

  /// Changes the container that the last token looks into, or the whole value where there are no tokens.
  private mutating func update(
    at path: ArraySlice<String>,
    whole: (JSONValue) throws(JSONPatchProblem) -> JSONValue,
    last: (inout JSONValue, String) throws(JSONPatchProblem) -> Void
  ) throws(JSONPatchProblem) {
    guard let token = path.first else {
      self = try whole(self)
      return
    }
    let rest = path.dropFirst()
    guard !rest.isEmpty else { return try last(&self, token) }
    try withChild(token) { child throws(JSONPatchProblem) in
      try child.update(at: rest, whole: whole, last: last)
    }
  }

  /// Changes a member or element in place; after an error the value is of no use.
  private mutating func withChild(
    _ token: String,
    _ body: (inout JSONValue) throws(JSONPatchProblem) -> Void
  ) throws(JSONPatchProblem) {
    switch self {
    case .object(var members):
      guard var child = members[token] else { throw .noSuchMember(token) }
      self = .null
      members[token] = .null
      try body(&child)
      members[token] = child
      self = .object(members)
    case .array(var elements):
      let index = try JSONArrayIndex.existing(token, count: elements.count)
      self = .null
      try body(&elements[index])
      self = .array(elements)
    case .null, .bool, .number, .string:
      throw .noContainer(token: token, found: kindName)
    }
  }
}

/// Array indices in a pointer, RFC 6901 section 4.
private enum JSONArrayIndex {
  static func existing(_ token: String, count: Int) throws(JSONPatchProblem) -> Int {
    guard token != "-" else { throw .indexOutOfRange(token, count: count) }
    let index = try parse(token)
    guard let index, index < count else { throw .indexOutOfRange(token, count: count) }
    return index
  }

  static func insertion(_ token: String, count: Int) throws(JSONPatchProblem) -> Int {
    guard token != "-" else { return count }
    let index = try parse(token)
    guard let index, index <= count else { throw .indexOutOfRange(token, count: count) }
    return index
  }

  /// Nil where it is larger than any array.
  private static func parse(_ token: String) throws(JSONPatchProblem) -> Int? {
    let digits = token.utf8
    guard !digits.isEmpty, digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }),
      digits.first != UInt8(ascii: "0") || digits.count == 1
    else { throw .badIndex(token) }
    return Int(token)
  }
}
