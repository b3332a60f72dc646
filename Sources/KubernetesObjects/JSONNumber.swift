/// A number as spelled. Equal by value: 1, 1.0 and 10e-1 are the same, by exact decimal arithmetic.
package struct JSONNumber: Sendable {
  /// The number as it stands in a JSON text, RFC 8259 section 6.
  package let spelling: String

  package init(_ integer: Int) { spelling = String(integer) }

  /// Nil if it is no number of RFC 8259.
  package init?(spelling: String) {
    guard let document = try? JSONDocument(parsing: Array(spelling.utf8)), document.root.kind == .number,
      document.root.source.count == spelling.utf8.count
    else { return nil }
    self.spelling = spelling
  }

  /// For what a parser has already checked.
  init(unchecked spelling: String) { self.spelling = spelling }

  /// A whole number that is spelled without fraction and exponent and fits; nil for anything else.
  package var integer: Int? { Self.integer(spelled: spelling.utf8) }

  static func integer(spelled bytes: some Collection<UInt8>) -> Int? {
    var digits = bytes[...]
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits = digits.dropFirst() }
    guard !digits.isEmpty else { return nil }
    var value = 0
    for byte in digits {
      let digit = byte &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      let scaled = value.multipliedReportingOverflow(by: 10)
      let sum =
        isNegative
        ? scaled.partialValue.subtractingReportingOverflow(Int(digit))
        : scaled.partialValue.addingReportingOverflow(Int(digit))
      guard !scaled.overflow, !sum.overflow else { return nil }
      value = sum.partialValue
    }
    return value
  }
}

extension JSONNumber: Hashable {
  package static func == (one: JSONNumber, other: JSONNumber) -> Bool {
    one.spelling == other.spelling || one.normalized == other.normalized
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(normalized) }

  /// 0.digits × 10^exponent, with no zero at either end of the digits; zero has no digits.
  private struct Normalized: Hashable {
    var isNegative = false
    var digits: [UInt8] = []
    var exponent = 0
    /// An exponent that no machine word holds, kept as spelled; such numbers are equal if spelled alike.
    var hugeExponent: [UInt8] = []
  }

  private var normalized: Normalized {
    let text = Array(spelling.utf8)
    let exponentMark = text.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? text.count
    let mantissa = text[..<exponentMark]
    let point = mantissa.firstIndex(of: UInt8(ascii: ".")) ?? mantissa.endIndex
    let isDigit = { (byte: UInt8) in byte &- UInt8(ascii: "0") < 10 }
    let whole = mantissa[..<point].filter(isDigit)
    let digits = whole + mantissa[point...].filter(isDigit)
    let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
    guard leading < digits.count else { return Normalized() }
    let trailing = digits.reversed().prefix { $0 == UInt8(ascii: "0") }.count

    var result = Normalized(
      isNegative: text.first == UInt8(ascii: "-"),
      digits: Array(digits[leading..<digits.count - trailing])
    )
    let spelled = text[exponentMark...].dropFirst().drop { $0 == UInt8(ascii: "+") }
    let shift = whole.count - leading
    if spelled.isEmpty {
      result.exponent = shift
    } else if let exponent = Self.integer(spelled: spelled), exponent.magnitude < 1 << 62 {
      result.exponent = exponent + shift
    } else {
      result.hugeExponent =
        (spelled.first == UInt8(ascii: "-") ? [UInt8(ascii: "-")] : [])
        + spelled.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "0") }
      result.exponent = shift
    }
    return result
  }
}
