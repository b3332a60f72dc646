import KubernetesObjects

/// Holds values against a JSON Schema, as far as APISIX's schemas go: draft 4 to 7 without remote references. What it does
/// not know is no reason to refuse: APISIX has the last word.
struct JSONSchema {
  /// Steps that one value may take. APISIX's own schemas take some hundred.
  private static let maximumSteps = 200_000
  private static let maximumDepth = 96
  static let maximumProblems = 8

  struct Problem {
    /// From the value that is checked.
    var path: String
    var message: String
    var depth: Int
  }

  let root: JSONValue

  /// What is wrong, the first few; empty: nothing.
  func problems(of value: JSONValue, at path: String) -> [PluginConfigProblem] {
    var run = JSONSchemaRun(root: root, steps: Self.maximumSteps)
    return run.check(value, root, path, Self.maximumDepth).prefix(Self.maximumProblems).map {
      PluginConfigProblem($0.path, $0.message)
    }
  }

  /// The names that an object may have members of; nil where it may have any.
  var members: Set<String>? {
    guard root["patternProperties"] == nil, root["additionalProperties"] == nil else { return nil }
    var names: Set<String> = []
    Self.collect(root, into: &names, depth: 8)
    return names.isEmpty ? nil : names
  }

  /// Of a schema and all that it is put together from.
  private static func collect(_ schema: JSONValue, into names: inout Set<String>, depth: Int) {
    guard depth > 0 else { return }
    for (name, _) in schema["properties"]?.object ?? [:] { names.insert(name) }
    for key in ["anyOf", "oneOf", "allOf"] {
      for part in schema[key]?.array ?? [] { collect(part, into: &names, depth: depth - 1) }
    }
    for key in ["if", "then", "else"] {
      if let part = schema[key] { collect(part, into: &names, depth: depth - 1) }
    }
    for (name, part) in schema["dependencies"]?.object ?? [:] {
      names.insert(name)
      collect(part, into: &names, depth: depth - 1)
    }
  }
}

/// One value held against one schema.
struct JSONSchemaRun {
  typealias Problem = JSONSchema.Problem

  let root: JSONValue
  var steps: Int

  mutating func check(_ value: JSONValue, _ schema: JSONValue, _ path: String, _ depth: Int) -> [Problem] {
    steps -= 1
    guard steps > 0, depth > 0 else { return [] }
    if schema.bool == false { return [problem("is not allowed here", path, depth)] }
    guard let keywords = schema.object else { return [] }
    if let reference = keywords["$ref"]?.string {
      guard let target = resolve(reference) else { return [] }
      return check(value, target, path, depth - 1)
    }
    // Where the type is another, the rest would only repeat that.
    if let problem = checkType(value, keywords, path, depth) { return [problem] }
    let value = Self.filled(value, keywords)
    var problems = checkValue(value, keywords, path, depth)
    switch value {
    case .object(let object): problems += check(object, keywords, path, depth)
    case .array(let elements): problems += check(elements, keywords, path, depth)
    case .string(let text): problems += check(text, keywords, path, depth)
    case .number(let number): problems += check(number, keywords, path, depth)
    case .null, .bool: break
    }
    problems += checkParts(value, keywords, path, depth)
    return Array(problems.prefix(JSONSchema.maximumProblems))
  }

  func problem(_ message: String, _ path: String, _ depth: Int) -> Problem {
    Problem(path: path, message: message, depth: depth)
  }

  /// With the defaults of members that are not there: APISIX goes on with these, conditions included.
  private static func filled(_ value: JSONValue, _ keywords: JSONObject) -> JSONValue {
    guard var object = value.object, let properties = keywords["properties"]?.object else { return value }
    for (name, schema) in properties where object[name] == nil {
      if let filling = schema["default"] { object[name] = filling }
    }
    return .object(object)
  }

  private func resolve(_ reference: String) -> JSONValue? {
    guard reference.hasPrefix("#") else { return nil }
    var value = root
    for token in reference.dropFirst().split(separator: "/") {
      let name = String(token).replacing("~1", with: "/").replacing("~0", with: "~")
      guard let next = value[String(name)] ?? Int(name).flatMap({ value[$0] }) else { return nil }
      value = next
    }
    return value
  }

  // MARK: Any value

  private func checkType(
    _ value: JSONValue,
    _ keywords: JSONObject,
    _ path: String,
    _ depth: Int
  ) -> Problem? {
    guard let type = keywords["type"] else { return nil }
    let names = type.string.map { [$0] } ?? type.array?.compactMap(\.string) ?? []
    guard !names.isEmpty, !names.contains(where: { Self.has($0, value) }) else { return nil }
    return problem("has to be \(names.map(Self.article).joined(separator: " or ")), not \(value.kindName)", path, depth)
  }

  private static func has(_ type: String, _ value: JSONValue) -> Bool {
    switch (type, value) {
    case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("null", .null),
      ("number", .number):
      return true
    case ("integer", .number(let number)):
      guard let double = Double(number.spelling) else { return false }
      return double == double.rounded()
    case ("object", _), ("array", _), ("string", _), ("boolean", _), ("null", _), ("number", _), ("integer", _):
      return false
    // A type that nobody knows excludes nothing.
    default: return true
    }
  }

  private static func article(_ type: String) -> String {
    switch type {
    case "integer": "a whole number"
    case "object", "array": "an \(type)"
    case "null": type
    default: "a \(type)"
    }
  }

  private func checkValue(
    _ value: JSONValue,
    _ keywords: JSONObject,
    _ path: String,
    _ depth: Int
  ) -> [Problem] {
    var problems: [Problem] = []
    if let allowed = keywords["enum"]?.array, !allowed.contains(value) {
      let texts = allowed.prefix(12).map { String(decoding: $0.serialized().prefix(60), as: UTF8.self) }
      problems.append(problem("has to be one of \(texts.joined(separator: ", "))", path, depth))
    }
    if let constant = keywords["const"], constant != value {
      let text = String(decoding: constant.serialized().prefix(80), as: UTF8.self)
      problems.append(problem("has to be \(text)", path, depth))
    }
    return problems
  }

  // MARK: Schemas of schemas

  private mutating func checkParts(
    _ value: JSONValue,
    _ keywords: JSONObject,
    _ path: String,
    _ depth: Int
  ) -> [Problem] {
    var problems: [Problem] = []
    for part in keywords["allOf"]?.array ?? [] { problems += check(value, part, path, depth - 1) }
    if let parts = keywords["anyOf"]?.array {
      problems += checkAlternatives(value, parts, path, depth, exactlyOne: false)
    }
    if let parts = keywords["oneOf"]?.array {
      problems += checkAlternatives(value, parts, path, depth, exactlyOne: true)
    }
    if let not = keywords["not"], check(value, not, path, depth - 1).isEmpty {
      problems.append(problem(Self.negation(not), path, depth))
    }
    if let condition = keywords["if"] {
      let branch = check(value, condition, path, depth - 1).isEmpty ? "then" : "else"
      if let part = keywords[branch] { problems += check(value, part, path, depth - 1) }
    }
    return problems
  }

  private mutating func checkAlternatives(
    _ value: JSONValue,
    _ parts: [JSONValue],
    _ path: String,
    _ depth: Int,
    exactlyOne: Bool
  ) -> [Problem] {
    var matching = 0
    var closest: [Problem] = []
    for part in parts {
      let found = check(value, part, path, depth - 1)
      if found.isEmpty {
        matching += 1
        if !exactlyOne { return [] }
      } else if closest.isEmpty || Self.reach(found) > Self.reach(closest) {
        closest = found
      }
    }
    if matching == 1 { return [] }
    if matching > 1 {
      return [problem("fits \(matching) of the forms that exclude each other; choose one", path, depth)]
    }
    // Who was looked into deepest is what was meant, most likely.
    guard parts.count > 1, let first = closest.first else { return closest }
    return [
      problem(
        "fits none of the \(parts.count) allowed forms; of one it is close to: \(first.message)",
        first.path,
        depth
      )
    ]
  }

  private static func reach(_ problems: [Problem]) -> Int { -(problems.map(\.depth).min() ?? 0) }

  private static func negation(_ schema: JSONValue) -> String {
    let required = schema["required"]?.array?.compactMap(\.string) ?? []
    return required.isEmpty
      ? "has a form that is excluded" : "may not have \(required.joined(separator: ", ")) together with the rest"
  }
}
