import KubernetesObjects

/// The spellings of a string in YAML.
enum YAMLString {
  /// On one line: plain where every reader takes it for the same string, else in double quotes.
  static func inline(_ string: String) -> String {
    isPlain(string) ? string : quoted(string)
  }

  /// As a literal block that starts after a key or dash; nil if the string has one line, or characters that a block
  /// cannot hold.
  static func literal(_ string: String, indent: Int) -> String? {
    let bytes = string.utf8
    guard bytes.contains(UInt8(ascii: "\n")), let first = string.unicodeScalars.first else { return nil }
    // A leading blank would be taken for indentation.
    guard first != " ", first != "\t", first != "\n" else { return nil }
    guard string.unicodeScalars.allSatisfy({ $0 == "\n" || $0 == "\t" || isPrintable($0) }) else { return nil }
    var lines = string.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    // Lines of blanks only are a matter of taste among parsers.
    guard lines.allSatisfy({ $0.isEmpty || !$0.allSatisfy { $0 == " " || $0 == "\t" } }) else { return nil }
    let chomping: String
    if lines.last?.isEmpty != true {
      chomping = "-"
    } else {
      lines.removeLast()
      chomping = lines.last?.isEmpty == true ? "+" : ""
    }
    let margin = String(repeating: " ", count: indent)
    return lines.reduce(into: "|\(chomping)\n") { text, line in
      text += (line.isEmpty ? "" : margin + String(line)) + "\n"
    }
  }

  static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      case _ where isPrintable(scalar): text.unicodeScalars.append(scalar)
      default: text += escape(scalar)
      }
    }
    return text + "\""
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    let (prefix, width) = scalar.value < 0x100 ? ("\\x", 2) : scalar.value < 0x10000 ? ("\\u", 4) : ("\\U", 8)
    return prefix + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// YAML 1.2's printable characters, without line breaks and the byte order mark.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  private static func isPlain(_ string: String) -> Bool {
    let bytes = Array(string.utf8)
    guard let first = bytes.first, let last = bytes.last else { return false }
    guard first != UInt8(ascii: " "), last != UInt8(ascii: " "), last != UInt8(ascii: ":") else { return false }
    // Indicators cannot start a plain scalar; `-` and `?` could in places, but not worth telling where.
    guard !"-?:,[]{}#&*!|>'\"%@`=<~".utf8.contains(first) else { return false }
    for (byte, next) in zip(bytes, bytes.dropFirst()) {
      if byte == UInt8(ascii: ":"), next == UInt8(ascii: " ") { return false }
      if byte == UInt8(ascii: " "), next == UInt8(ascii: "#") { return false }
    }
    guard string.unicodeScalars.allSatisfy(isPrintable) else { return false }
    guard YAMLScalar.value(ofPlain: string) == .string(string) else { return false }
    return !isBase60(bytes) && !isDate(bytes) && !bytes.starts(with: "...".utf8)
  }

  /// Digits and colons: a number of base 60 in YAML 1.1.
  private static func isBase60(_ bytes: [UInt8]) -> Bool {
    guard bytes.contains(UInt8(ascii: ":")) else { return false }
    return bytes.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || ":._+-".utf8.contains($0) }
  }

  /// `YYYY-…`: a date in YAML 1.1.
  private static func isDate(_ bytes: [UInt8]) -> Bool {
    bytes.count > 5 && bytes[4] == UInt8(ascii: "-")
      && bytes.prefix(4).allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }
}
