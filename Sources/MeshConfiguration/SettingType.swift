import KubernetesObjects
import KubernetesYAML

/// What values a setting takes, and how they are read and printed.
struct SettingType<Value: Sendable>: Sendable {
  /// For a person, as in a reference.
  var name: String
  var isScalar = true
  /// Nil leaves the default in place: null in the file, or a problem, which is then reported.
  var decode: @Sendable (_ value: SourcedValue, _ key: String, _ findings: inout Findings) -> Value?
  var encode: @Sendable (Value) -> JSONValue
}

/// What is wrong with one value, and what would be right: `0 is not a port; use 1 to 65535`.
struct Refusal: Error {
  var message: String

  init(_ message: String) { self.message = message }

  init(_ value: JSONValue, isNot what: String, use cure: String) {
    message = "\(Self.show(value)) is not \(what); use \(cure)"
  }

  private static func show(_ value: JSONValue) -> String {
    switch value {
    case .array: return "a list"
    case .object: return "a mapping"
    default:
      let text = String(decoding: value.serialized(), as: UTF8.self)
      return text.count <= 80 ? text : "\(text.prefix(77))…"
    }
  }
}

extension SettingType {
  /// One value, parsed from what a scalar of the file or a text holds.
  static func scalar(
    _ name: String,
    parse: @escaping @Sendable (Scalar) throws(Refusal) -> Value,
    encode: @escaping @Sendable (Value) -> JSONValue
  ) -> SettingType {
    SettingType(
      name: name,
      decode: { value, key, findings in
        guard !value.isNull else { return nil }
        do throws(Refusal) {
          return try parse(Scalar(value))
        } catch {
          findings.report(error.message, at: value.origin, key: key)
          return nil
        }
      },
      encode: encode
    )
  }

  /// A list of such values; as text, separated by commas.
  var list: SettingType<[Value]> {
    SettingType<[Value]>(
      name: name.hasSuffix("s") ? "list of \(name)" : "list of \(name)s",
      isScalar: isScalar,
      decode: { value, key, findings in
        switch value.content {
        case .list(let elements):
          let before = findings.problems.count
          var decoded: [Value] = []
          for (index, element) in elements.enumerated() {
            let key = "\(key)[\(index)]"
            if element.isNull {
              findings.report("an empty element; remove it", at: element.origin, key: key)
            } else if let one = decode(element, key, &findings) {
              decoded.append(one)
            }
          }
          return findings.problems.count == before ? decoded : nil
        case .text(let text):
          let parts = text.split(separator: ",").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }
          let elements = parts.map { SourcedValue(.text(String($0)), origin: value.origin) }
          let before = findings.problems.count
          let decoded = elements.compactMap { decode($0, key, &findings) }
          return findings.problems.count == before ? decoded : nil
        case .scalar(.null):
          return nil
        case .scalar, .map:
          findings.report(
            Refusal(value.value, isNot: "a list", use: "[a, b] or lines that start with -").message,
            at: value.origin,
            key: key
          )
          return nil
        }
      },
      encode: { .array($0.map(encode)) }
    )
  }
}

/// A scalar of the file, already typed, or a text that is not yet.
struct Scalar {
  let value: JSONValue
  private let isText: Bool

  init(_ value: SourcedValue) {
    self.value = value.value
    if case .text = value.content { isText = true } else { isText = false }
  }

  /// A string of the file; any text.
  var string: String? { value.string }

  /// As ``string``, and numbers as they are spelled: for values such as versions and quantities that look like numbers.
  var spelling: String? {
    if case .number(let number) = value { return number.spelling }
    return value.string
  }

  var integer: Int? {
    guard isText else { return value.integer }
    return value.string.flatMap { Int($0) }
  }

  var bool: Bool? {
    guard isText else { return value.bool }
    switch value.string {
    case "true": return true
    case "false": return false
    default: return nil
    }
  }
}
