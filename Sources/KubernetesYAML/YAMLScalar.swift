import KubernetesObjects

/// How a plain YAML scalar is typed: by the rules of `kubectl`'s reader (sigs.k8s.io/yaml), which are those of YAML 1.1
/// but for base 60 numbers and dates, both strings.
///
/// So `yes`, `on`, `y` and their kin are booleans, `0644` is octal, `1_000` is a thousand. Two differences, both where
/// Kubernetes can only fail: `.inf` and `.nan` are refused, as JSON has no such numbers, and a number that JSON can
/// spell is always a number, however large.
enum YAMLScalar {
  /// The core tags of YAML 1.1 that have a JSON type.
  enum Tag: String {
    case string = "tag:yaml.org,2002:str"
    case bool = "tag:yaml.org,2002:bool"
    case integer = "tag:yaml.org,2002:int"
    case float = "tag:yaml.org,2002:float"
    case null = "tag:yaml.org,2002:null"
    case timestamp = "tag:yaml.org,2002:timestamp"
  }

  /// The value of an untagged plain scalar; nil for an infinity or not-a-number.
  static func value(ofPlain text: String) -> JSONValue? {
    switch text {
    case "", "~", "null", "Null", "NULL":
      return .null
    case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
      return .bool(true)
    case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
      return .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN":
      return nil
    default:
      return number(text).map(JSONValue.number) ?? .string(text)
    }
  }

  /// The value of a scalar with an explicit core tag; nil when the text is not of that type.
  static func value(of text: String, tag: Tag) -> JSONValue? {
    let value = value(ofPlain: text)
    switch (tag, value) {
    case (.string, _), (.timestamp, _): return .string(text)
    case (.bool, .bool), (.null, .null), (.float, .number): return value
    case (.integer, .number(let number)):
      return number.spelling.utf8.allSatisfy { $0 == UInt8(ascii: "-") || isDigit($0) } ? value : nil
    default: return nil
    }
  }

  // MARK: Numbers

  private static func number(_ text: String) -> JSONNumber? {
    guard let first = text.utf8.first else { return nil }
    if first == UInt8(ascii: ".") { return float(text) }
    guard isDigit(first) || first == UInt8(ascii: "+") || first == UInt8(ascii: "-") else { return nil }
    let digits = text.utf8.contains(UInt8(ascii: "_")) ? text.filter { $0 != "_" } : text
    if digits != "-0", let number = JSONNumber(spelling: digits) { return number }
    return integer(digits) ?? float(digits)
  }

  /// As Go's `strconv.ParseInt(text, 0, 64)` and `ParseUint`: a sign, then a prefix that names the base.
  private static func integer(_ text: String) -> JSONNumber? {
    var rest = text[...]
    let negative = rest.first == "-"
    if negative || rest.first == "+" { rest.removeFirst() }
    var radix = 10
    if rest.first == "0", rest.utf8.count > 1 {
      rest.removeFirst()
      switch rest.first {
      case "x", "X": radix = 16
      case "b", "B": radix = 2
      case "o", "O": radix = 8
      default: radix = 8
      }
      if let letter = rest.first, letter.isLetter { rest.removeFirst() }
    }
    // Swift's own parser would take another sign.
    guard let first = rest.first, first != "+", first != "-" else { return nil }
    guard let magnitude = UInt64(rest, radix: radix) else {
      guard radix == 10, rest.utf8.allSatisfy(isDigit) else { return nil }
      return JSONNumber(spelling: (negative ? "-" : "") + rest)
    }
    return JSONNumber(spelling: (negative && magnitude > 0 ? "-" : "") + String(magnitude))
  }

  /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, respelled as JSON wants it.
  private static func float(_ text: String) -> JSONNumber? {
    var rest = text.utf8[...]
    var spelling = ""
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      if sign == UInt8(ascii: "-") { spelling = "-" }
      rest.removeFirst()
    }
    let whole = rest.prefix(while: isDigit)
    rest = rest[whole.endIndex...]
    var fraction = rest.prefix(0)
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = rest.prefix(while: isDigit)
      rest = rest[fraction.endIndex...]
    }
    guard !whole.isEmpty || !fraction.isEmpty else { return nil }
    let significant = whole.drop { $0 == UInt8(ascii: "0") }
    spelling += significant.isEmpty ? "0" : String(Substring(significant))
    if !fraction.isEmpty { spelling += "." + String(Substring(fraction)) }
    spelling += String(Substring(rest))
    return JSONNumber(spelling: spelling)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
