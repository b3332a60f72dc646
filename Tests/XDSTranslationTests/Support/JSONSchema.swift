import Foundation
import KubernetesObjects

/// As much of JSON Schema, draft 4 to 7, as APISIX's schemas use.
struct JSONSchema {
  let schema: JSONValue

  /// What is wrong with a value; empty if nothing is.
  func problems(_ value: JSONValue, at path: String = "$") -> [String] {
    guard let schema = schema.object else { return [] }
    return schema.flatMap { keyword, argument in
      problem(value, keyword, argument, path)
    }
  }

  private func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
    JSONSchema(schema: schema).problems(value).isEmpty
  }

  private func problem(_ value: JSONValue, _ keyword: String, _ argument: JSONValue, _ path: String) -> [String] {
    func check(_ holds: Bool) -> [String] {
      holds ? [] : ["\(path): \(keyword) \(text(argument)) against \(text(value))"]
    }
    let number = value.number
    let bound = argument.number ?? 0
    switch keyword {
    case "type": return check(isOfType(value, argument.string ?? ""))
    case "enum": return check(argument.array?.contains(value) ?? false)
    case "required":
      guard let members = value.object else { return [] }
      return check(argument.array?.allSatisfy { members[$0.string ?? ""] != nil } ?? true)
    case "properties":
      return (argument.object ?? [:]).flatMap { name, schema in
        value[name].map { JSONSchema(schema: schema).problems($0, at: "\(path).\(name)") } ?? []
      }
    case "patternProperties":
      return (value.object ?? [:]).flatMap { name, member in
        (argument.object ?? [:]).flatMap { pattern, schema in
          matches(name, pattern) ? JSONSchema(schema: schema).problems(member, at: "\(path).\(name)") : []
        }
      }
    case "additionalProperties":
      guard argument.bool == false else { return [] }
      let known = schema["properties"]?.object?.keys ?? []
      let patterns = schema["patternProperties"]?.object?.keys ?? []
      return check(
        (value.object ?? [:]).allSatisfy { member in
          known.contains(member.key) || patterns.contains { matches(member.key, $0) }
        }
      )
    case "items":
      return (value.array ?? []).enumerated().flatMap { position, element in
        JSONSchema(schema: argument).problems(element, at: "\(path)[\(position)]")
      }
    case "allOf": return (argument.array ?? []).flatMap { JSONSchema(schema: $0).problems(value, at: path) }
    case "anyOf": return check(argument.array?.contains { accepts(value, $0) } ?? true)
    case "oneOf": return check((argument.array ?? []).count { accepts(value, $0) } == 1)
    case "not": return check(!accepts(value, argument))
    case "if":
      let branch = accepts(value, argument) ? schema["then"] : schema["else"]
      return branch.map { JSONSchema(schema: $0).problems(value, at: path) } ?? []
    case "dependencies":
      return (argument.object ?? [:]).flatMap { name, schema -> [String] in
        value[name] == nil ? [] : JSONSchema(schema: schema).problems(value, at: path)
      }
    case "pattern": return check(value.string.map { matches($0, argument.string ?? "") } ?? true)
    case "minLength": return check(value.string.map { Double($0.unicodeScalars.count) >= bound } ?? true)
    case "maxLength": return check(value.string.map { Double($0.unicodeScalars.count) <= bound } ?? true)
    case "minimum": return check(number.map { $0 >= bound } ?? true)
    case "maximum": return check(number.map { $0 <= bound } ?? true)
    case "exclusiveMinimum": return check(number.map { $0 > bound } ?? true)
    case "minItems": return check(value.array.map { Double($0.count) >= bound } ?? true)
    case "maxItems": return check(value.array.map { Double($0.count) <= bound } ?? true)
    case "minProperties": return check(value.object.map { Double($0.count) >= bound } ?? true)
    case "uniqueItems": return check(value.array.map { Set($0).count == $0.count } ?? true)
    case "description", "default", "title", "then", "else", "format", "$comment": return []
    default: return ["\(path): the keyword \(keyword) is not checked"]
    }
  }

  private func isOfType(_ value: JSONValue, _ type: String) -> Bool {
    switch type {
    case "object": value.object != nil
    case "array": value.array != nil
    case "string": value.string != nil
    case "boolean": value.bool != nil
    case "number": value.number != nil
    case "integer": value.number.map { $0 == $0.rounded() } ?? false
    default: false
    }
  }

  private func text(_ value: JSONValue) -> String { String(decoding: value.serialized().prefix(200), as: UTF8.self) }

  private func matches(_ text: String, _ pattern: String) -> Bool { PCRE.finds(pattern, in: text) }
}

extension JSONValue {
  var number: Double? {
    if case .number(let number) = self { Double(number.spelling) } else { nil }
  }
}

/// Regular expressions with the syntax that our patterns need.
enum PCRE {
  // Safe to share, by its documentation.
  private nonisolated(unsafe) static let cache = NSCache<NSString, NSRegularExpression>()

  static func finds(_ pattern: String, in text: String, ignoringCase: Bool = false) -> Bool {
    let key = (ignoringCase ? "i" : " ") + pattern
    let expression: NSRegularExpression
    if let known = cache.object(forKey: key as NSString) {
      expression = known
    } else {
      guard
        let new = try? NSRegularExpression(pattern: pattern, options: ignoringCase ? [.caseInsensitive] : [])
      else { return false }
      cache.setObject(new, forKey: key as NSString)
      expression = new
    }
    return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
  }

  static func isPattern(_ pattern: String) -> Bool { (try? NSRegularExpression(pattern: pattern)) != nil }
}
