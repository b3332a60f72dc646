import EnvoyAPI
import SwiftProtobuf

/// Regular expressions for PCRE, as nginx's Lua has it.
enum Pattern {
  /// Text that stands for itself.
  static func literal(_ text: some StringProtocol) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\", "^", "$", ".", "|", "?", "*", "+", "(", ")", "[", "]", "{", "}":
        escaped.unicodeScalars.append("\\")
        escaped.unicodeScalars.append(character)
      default:
        escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }

  static func exactly(_ text: some StringProtocol) -> String { "^" + literal(text) + #"\z"# }

  /// Envoy's expressions match a text as a whole; RE2 is, but for a few escapes, a subset of PCRE.
  static func whole(_ expression: String) -> String { "^(?:" + expression + #")\z"# }

  /// What PCRE does not know, or knows as something else. A sidecar must not be handed what it can't compile.
  static func isTranslatable(_ expression: String) -> Bool {
    guard expression.utf8.count <= 4096, !expression.utf8.contains(0) else { return false }
    var depth = 0
    var isInClass = false
    var isEscaped = false
    for byte in expression.utf8 {
      if isEscaped {
        // \C is a byte in RE2 and lets a pattern fail in nginx; \Q starts a quotation that would swallow our own end.
        if byte == UInt8(ascii: "C") || byte == UInt8(ascii: "Q") { return false }
        isEscaped = false
        continue
      }
      switch byte {
      case UInt8(ascii: "\\"): isEscaped = true
      case UInt8(ascii: "["): isInClass = true
      case UInt8(ascii: "]"): isInClass = false
      case UInt8(ascii: "(") where !isInClass: depth += 1
      case UInt8(ascii: ")") where !isInClass: depth -= 1
      default: break
      }
      if depth < 0 { return false }
    }
    return depth == 0 && !isEscaped && !isInClass
  }

  /// A replacement for the sidecar's plugin from one for RE2: `\1` is `${1}`, `$` is `$$`.
  static func replacement(_ substitution: String) -> String {
    var result = ""
    var isEscaped = false
    for character in substitution.unicodeScalars {
      if isEscaped {
        isEscaped = false
        if ("0"..."9").contains(character) { result += "${\(character)}" } else { result += escaped(character) }
      } else if character == "\\" {
        isEscaped = true
      } else {
        result += escaped(character)
      }
    }
    return result
  }

  private static func escaped(_ character: Unicode.Scalar) -> String { character == "$" ? "$$" : String(character) }
}

extension Envoy_Type_Matcher_V3_StringMatcher {
  /// The condition on a variable; nil where the pattern is none for PCRE.
  func condition(on variable: String) -> Expression? {
    switch matchPattern {
    case .exact(let text):
      ignoreCase
        ? .matches(variable, Pattern.exactly(text), ignoringCase: true)
        : .equals(variable, text)
    case .prefix(let text): .matches(variable, "^" + Pattern.literal(text), ignoringCase: ignoreCase)
    case .suffix(let text): .matches(variable, Pattern.literal(text) + #"\z"#, ignoringCase: ignoreCase)
    case .contains(let text):
      .matches(variable, text.isEmpty ? "^" : Pattern.literal(text), ignoringCase: ignoreCase)
    case .safeRegex(let matcher):
      // Envoy does not let regular expressions ignore the case.
      Pattern.isTranslatable(matcher.regex) ? .matches(variable, Pattern.whole(matcher.regex)) : nil
    case nil: nil
    }
  }

  /// The same as a pattern; nil where it is none for PCRE.
  var pattern: String? {
    let pattern: String
    switch matchPattern {
    case .exact(let text): pattern = Pattern.exactly(text)
    case .prefix(let text): pattern = "^" + Pattern.literal(text)
    case .suffix(let text): pattern = Pattern.literal(text) + #"\z"#
    case .contains(let text): pattern = Pattern.literal(text)
    case .safeRegex(let matcher):
      guard Pattern.isTranslatable(matcher.regex) else { return nil }
      pattern = Pattern.whole(matcher.regex)
    case nil: return nil
    }
    return ignoreCase ? "(?i)" + pattern : pattern
  }

  /// Whether the empty text matches; nil where only a regular expression could tell.
  var matchesEmpty: Bool? {
    switch matchPattern {
    case .exact(let text), .prefix(let text), .suffix(let text), .contains(let text): text.isEmpty
    case .safeRegex, nil: nil
    }
  }
}
