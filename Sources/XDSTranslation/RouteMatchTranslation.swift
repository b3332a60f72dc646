import EnvoyAPI
import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// A route's match as conditions; nil where it can't be told, so that the route must not take a request.
struct RouteMatchTranslation {
  private(set) var expression = Expression()
  /// No request is ever taken.
  private(set) var isImpossible = false

  /// - Returns: nil with a note if APISIX can't tell whether a request matches.
  init?(_ match: Envoy_Config_Route_V3_RouteMatch, notes: inout Notes) {
    guard let path = Self.path(match, notes: &notes) else { return nil }
    expression.add(path)
    for matcher in match.headers {
      guard let condition = matcher.condition else {
        notes.add(.headerMatch, "header \(matcher.name) can't be compared")
        return nil
      }
      switch condition {
      case .always: break
      case .never: isImpossible = true
      case .when(let condition): expression.add(condition)
      }
    }
    for matcher in match.queryParameters {
      guard let condition = matcher.condition else {
        notes.add(.queryMatch, "parameter \(matcher.name) can't be compared")
        return nil
      }
      expression.add(condition)
    }
    if match.hasGrpc { expression.add(.matches("http_content_type", #"^application/grpc(?:\+|\z)"#)) }
    if match.hasRuntimeFraction {
      let fraction = Fraction(match.runtimeFraction.defaultValue)
      if fraction.isNone { isImpossible = true } else { expression.add(fraction.condition(.match)) }
    }
    notes.unread(match)
  }

  /// nginx's `$uri` is the path decoded and without repeated slashes, which is another one than Envoy compares.
  private static func path(_ match: Envoy_Config_Route_V3_RouteMatch, notes: inout Notes) -> Expression? {
    let ignoresCase = match.hasCaseSensitive && !match.caseSensitive.value
    let variable = SidecarPlugin.pathVariable
    switch match.pathSpecifier {
    case .prefix("/"), .prefix(""): return Expression()
    case .prefix(let prefix):
      return .matches(variable, "^" + Pattern.literal(prefix), ignoringCase: ignoresCase)
    case .path(let path):
      return ignoresCase ? .matches(variable, Pattern.exactly(path), ignoringCase: true) : .equals(variable, path)
    case .pathSeparatedPrefix(let prefix):
      return .matches(variable, "^" + Pattern.literal(prefix) + #"(?:/|\z)"#, ignoringCase: ignoresCase)
    case .safeRegex(let matcher):
      guard Pattern.isTranslatable(matcher.regex) else {
        notes.add(.regex, "the path's expression \(matcher.regex.prefix(80))")
        return nil
      }
      return .matches(variable, Pattern.whole(matcher.regex))
    case .connectMatcher:
      notes.add(.connect)
      return nil
    case .pathMatchPolicy(let policy):
      notes.add(.pathMatch, "the policy \(policy.name) is not known")
      return nil
    case nil:
      notes.add(.pathMatch, "a kind of path match that is not known")
      return nil
    }
  }
}

extension Envoy_Config_Route_V3_HeaderMatcher {
  enum Condition {
    case always
    case never
    case when(Expression)
  }

  /// An absent header matches nothing, inverted or not, unless it is to count as empty; only presence may be asked of it.
  var condition: Condition? {
    guard let variable = RequestVariable.header(name) else { return nil }
    switch headerMatchSpecifier {
    case nil: return presence(variable, wanted: true)
    case .presentMatch(let wanted): return presence(variable, wanted: wanted)
    case .exactMatch(let text):
      // Envoy's older spelling takes an empty text for any.
      return text.isEmpty
        ? valued(variable, .isPresent(variable), matchesEmpty: true)
        : valued(variable, .equals(variable, text), matchesEmpty: false)
    case .prefixMatch(let text):
      return valued(variable, .matches(variable, "^" + Pattern.literal(text)), matchesEmpty: text.isEmpty)
    case .suffixMatch(let text):
      return valued(variable, .matches(variable, Pattern.literal(text) + #"\z"#), matchesEmpty: text.isEmpty)
    case .containsMatch(let text):
      let pattern = text.isEmpty ? "^" : Pattern.literal(text)
      return valued(variable, .matches(variable, pattern), matchesEmpty: text.isEmpty)
    case .safeRegexMatch(let matcher):
      guard Pattern.isTranslatable(matcher.regex) else { return nil }
      return valued(variable, .matches(variable, Pattern.whole(matcher.regex)), matchesEmpty: nil)
    case .stringMatch(let matcher):
      guard let condition = matcher.condition(on: variable) else { return nil }
      return valued(variable, condition, matchesEmpty: matcher.matchesEmpty)
    case .rangeMatch(let range):
      guard range.start < range.end else { return valued(variable, nil, matchesEmpty: false) }
      var condition = Expression.matches(variable, #"^[+-]?[0-9]+\z"#)
      condition.add(.isAtLeast(variable, range.start))
      condition.add(.isBelow(variable, range.end))
      return valued(variable, condition, matchesEmpty: false)
    }
  }

  /// A header that counts as empty where it is missing is always there.
  private func presence(_ variable: String, wanted: Bool) -> Condition {
    let isWanted = wanted != invertMatch
    if treatMissingHeaderAsEmpty { return isWanted ? .always : .never }
    return .when(isWanted ? .isPresent(variable) : .isPresent(variable).negated)
  }

  /// - Parameter matches: what holds for a header that is there and matches; nil if none does.
  private func valued(_ variable: String, _ matches: Expression?, matchesEmpty: Bool?) -> Condition? {
    let present = Expression.isPresent(variable)
    guard treatMissingHeaderAsEmpty else {
      guard let matches else { return invertMatch ? .when(present) : .never }
      guard invertMatch else { return .when(matches) }
      var both = present
      both.add(matches.negated)
      return .when(both)
    }
    guard let matchesEmpty else { return nil }
    guard let matches else { return invertMatch ? .always : .never }
    let holds = matchesEmpty ? Expression.either(present.negated, matches) : matches
    return .when(invertMatch ? holds.negated : holds)
  }
}

extension Envoy_Config_Route_V3_QueryParameterMatcher {
  var condition: Expression? {
    guard !name.isEmpty else { return nil }
    let variable = "arg_" + name
    switch queryParameterMatchSpecifier {
    case .stringMatch(let matcher): return matcher.condition(on: variable)
    case .presentMatch(false): return .isPresent(variable).negated
    case .presentMatch(true), nil: return .isPresent(variable)
    }
  }
}

/// The names by which nginx and APISIX know what a request carries.
enum RequestVariable {
  /// Nil for what has no variable.
  static func header(_ name: String) -> String? {
    switch name.lowercased() {
    case ":authority", "host": return "http_host"
    case ":method": return "request_method"
    case ":path": return "real_request_uri"
    case ":scheme": return SidecarPlugin.schemeVariable
    case let name:
      guard isToken(name) else { return nil }
      return "http_" + name.replacingCharacter("-", with: "_")
    }
  }

  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  /// What APISIX's schema takes in hosts of routes and of nodes.
  static func isPartOfHost(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "["), UInt8(ascii: "]"),
      UInt8(ascii: ":"):
      true
    default: isAlphanumeric(byte)
    }
  }

  /// What may be a header's name and also stands in the name of a variable.
  static func isToken(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 256
      && name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }
}
