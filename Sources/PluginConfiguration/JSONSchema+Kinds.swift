import KubernetesObjects

extension JSONSchemaRun {
  // MARK: Objects

  mutating func check(_ object: JSONObject, _ keywords: JSONObject, _ path: String, _ depth: Int) -> [Problem] {
    var problems: [Problem] = []
    for name in keywords["required"]?.array?.compactMap(\.string) ?? [] where object[name] == nil {
      problems.append(problem("lacks \(name)", path, depth))
    }
    if let least = keywords["minProperties"]?.integer, object.count < least {
      problems.append(problem("has to have at least \(least) member\(least == 1 ? "" : "s")", path, depth))
    }
    if let most = keywords["maxProperties"]?.integer, object.count > most {
      problems.append(problem("may have at most \(most) member\(most == 1 ? "" : "s")", path, depth))
    }
    let properties = keywords["properties"]?.object ?? [:]
    let patterns = keywords["patternProperties"]?.object ?? [:]
    let others = keywords["additionalProperties"]
    for (name, value) in object {
      let place = "\(path).\(name.prefix(80))"
      var isKnown = false
      if let schema = properties[name] {
        isKnown = true
        problems += check(value, schema, place, depth - 1)
      }
      for (pattern, schema) in patterns where SchemaPattern.matches(name, pattern) ?? false {
        isKnown = true
        problems += check(value, schema, place, depth - 1)
      }
      if !isKnown, let others {
        if others.bool == false {
          problems.append(problem("has no \"\(name.prefix(80))\"\(Self.known(properties))", path, depth))
        } else {
          problems += check(value, others, place, depth - 1)
        }
      }
      if let names = keywords["propertyNames"] { problems += check(.string(name), names, place, depth - 1) }
      if problems.count >= JSONSchema.maximumProblems { break }
    }
    return problems + checkDependencies(object, keywords, path, depth)
  }

  private mutating func checkDependencies(
    _ object: JSONObject,
    _ keywords: JSONObject,
    _ path: String,
    _ depth: Int
  ) -> [Problem] {
    var problems: [Problem] = []
    for (name, needed) in keywords["dependencies"]?.object ?? [:] where object[name] != nil {
      guard let names = needed.array else {
        problems += check(.object(object), needed, path, depth - 1)
        continue
      }
      for other in names.compactMap(\.string) where object[other] == nil {
        problems.append(problem("lacks \(other), which \(name) needs", path, depth))
      }
    }
    return problems
  }

  private static func known(_ properties: JSONObject) -> String {
    let names = properties.keys.sorted()
    return names.isEmpty ? "" : "; it has \(names.prefix(24).joined(separator: ", "))"
  }

  // MARK: Arrays

  mutating func check(_ elements: [JSONValue], _ keywords: JSONObject, _ path: String, _ depth: Int) -> [Problem] {
    var problems: [Problem] = []
    if let least = keywords["minItems"]?.integer, elements.count < least {
      problems.append(problem("has to have at least \(least) element\(least == 1 ? "" : "s")", path, depth))
    }
    if let most = keywords["maxItems"]?.integer, elements.count > most {
      problems.append(problem("may have at most \(most) element\(most == 1 ? "" : "s")", path, depth))
    }
    if keywords["uniqueItems"]?.bool == true, Set(elements).count < elements.count {
      problems.append(problem("has an element twice", path, depth))
    }
    let items = keywords["items"]
    for (position, element) in zip(elements.indices, elements) {
      let schema: JSONValue? =
        if let tuple = items?.array {
          tuple.indices.contains(position) ? tuple[position] : keywords["additionalItems"]
        } else { items }
      if let schema { problems += check(element, schema, "\(path)[\(position)]", depth - 1) }
      if problems.count >= JSONSchema.maximumProblems { break }
    }
    if let contained = keywords["contains"] {
      var isThere = false
      for element in elements where !isThere { isThere = check(element, contained, path, depth - 1).isEmpty }
      if !isThere { problems.append(problem("lacks an element that it has to have", path, depth)) }
    }
    return problems
  }

  // MARK: Strings

  func check(_ text: String, _ keywords: JSONObject, _ path: String, _ depth: Int) -> [Problem] {
    var problems: [Problem] = []
    let length = text.unicodeScalars.count
    if let least = keywords["minLength"]?.integer, length < least {
      let message = least == 1 ? "may not be empty" : "has to have at least \(least) characters"
      problems.append(problem(message, path, depth))
    }
    if let most = keywords["maxLength"]?.integer, length > most {
      problems.append(problem("may have at most \(most) characters", path, depth))
    }
    if let pattern = keywords["pattern"]?.string, SchemaPattern.matches(text, pattern) == false {
      problems.append(problem("does not match \(pattern.prefix(200))", path, depth))
    }
    switch keywords["format"]?.string {
    case "ipv4"? where IPAddress(text)?.bytes.count != 4:
      problems.append(problem("has to be an IPv4 address", path, depth))
    case "ipv6"? where IPAddress(text)?.bytes.count != 16:
      problems.append(problem("has to be an IPv6 address", path, depth))
    default: break
    }
    return problems
  }

  // MARK: Numbers

  func check(_ number: JSONNumber, _ keywords: JSONObject, _ path: String, _ depth: Int) -> [Problem] {
    guard let value = Double(number.spelling) else { return [] }
    var problems: [Problem] = []
    if let least = Self.number(keywords["minimum"]) {
      let isExclusive = keywords["exclusiveMinimum"]?.bool == true
      if value < least || isExclusive && value == least {
        problems.append(problem("has to be \(isExclusive ? "more than" : "at least") \(Self.text(least))", path, depth))
      }
    }
    if let most = Self.number(keywords["maximum"]) {
      let isExclusive = keywords["exclusiveMaximum"]?.bool == true
      if value > most || isExclusive && value == most {
        problems.append(problem("has to be \(isExclusive ? "less than" : "at most") \(Self.text(most))", path, depth))
      }
    }
    if let bound = Self.number(keywords["exclusiveMinimum"]), value <= bound {
      problems.append(problem("has to be more than \(Self.text(bound))", path, depth))
    }
    if let bound = Self.number(keywords["exclusiveMaximum"]), value >= bound {
      problems.append(problem("has to be less than \(Self.text(bound))", path, depth))
    }
    if let step = Self.number(keywords["multipleOf"]), step > 0,
      value.remainder(dividingBy: step).magnitude > 1e-9 * max(1, value.magnitude)
    {
      problems.append(problem("has to be a multiple of \(Self.text(step))", path, depth))
    }
    return problems
  }

  private static func number(_ value: JSONValue?) -> Double? {
    if case .number(let number)? = value { Double(number.spelling) } else { nil }
  }

  private static func text(_ number: Double) -> String { Int(exactly: number).map { "\($0)" } ?? "\(number)" }
}

/// Regular expressions of schemas, which are PCRE's at APISIX.
enum SchemaPattern {
  /// Matching may take time that grows faster than the text: longer ones are left to APISIX.
  private static let maximumBytes = 4096

  /// Nil where it is not to be told: the text is long, or the pattern one that this engine can't read.
  static func matches(_ text: String, _ pattern: String) -> Bool? {
    guard text.utf8.count <= maximumBytes, let regex = try? Regex(pattern).matchingSemantics(.unicodeScalar) else {
      return nil
    }
    do {
      return try regex.firstMatch(in: text) != nil
    } catch {
      return nil
    }
  }
}
