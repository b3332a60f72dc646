/// What a series is, by the words of the format.
package enum MetricKind: String, Sendable {
  case counter, gauge, histogram
}

/// The spelling rules of the Prometheus text format 0.0.4.
package enum PrometheusText {
  /// The media type of what this renders.
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// `# HELP` and `# TYPE` lines.
  package static func header(name: String, kind: MetricKind, help: String?) -> String {
    let help = help.map { "# HELP \(name) \(escape($0, quotes: false))\n" } ?? ""
    return "\(help)# TYPE \(name) \(kind.rawValue)\n"
  }

  package static func sample(_ name: String, _ labels: String, _ value: String) -> String {
    labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  /// Letters, digits, underscores and colons, no digit first; anything else becomes an underscore.
  package static func name(_ label: String) -> String {
    sanitize(label, extra: ":")
  }

  /// `a="x",b="y"`, in order of names: the same dimensions are the same text.
  package static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.map { (sanitize($0.0, extra: ""), $0.1) }
      .sorted { $0.0 < $1.0 }
      .map { "\($0.0)=\"\(escape($0.1, quotes: true))\"" }
      .joined(separator: ",")
  }

  package static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    guard let integer = Int64(exactly: value) else { return "\(value)" }
    return "\(integer)"
  }

  private static func sanitize(_ text: String, extra: String) -> String {
    var bytes = text.utf8.map { byte in
      let isAllowed =
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
          true
        default: extra.utf8.contains(byte)
        }
      return isAllowed ? byte : UInt8(ascii: "_")
    }
    if bytes.first.map({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) ?? true {
      bytes.insert(UInt8(ascii: "_"), at: 0)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func escape(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
