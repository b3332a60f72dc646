/// An amount of a resource, `resource.Quantity` of Kubernetes: `100m`, `1.5Gi`, `2e3`.
///
/// Equal and ordered by value, exactly. As in Kubernetes nothing finer than a billionth is kept (rounded away from
/// zero) and nothing beyond a signed 64-bit whole number is an amount.
package struct Quantity: Sendable {
  /// As spelled.
  package let text: String
  /// The value in billionths.
  let billionths: Int128
  let format: Format

  /// Which suffixes the canonical spelling uses: those that were spelled.
  enum Format: Sendable {
    case decimal, binary, exponent
  }

  /// Nil if `text` is no quantity, or out of range.
  package init?(_ text: String) {
    guard let parsed = QuantityParser.parse(text) else { return nil }
    self.text = text
    billionths = parsed.billionths
    format = parsed.format
  }
}

extension Quantity: ExpressibleByStringLiteral {
  /// For constants in code; what is no quantity is 0.
  package init(stringLiteral value: String) {
    let parsed = QuantityParser.parse(value)
    text = parsed == nil ? "0" : value
    billionths = parsed?.billionths ?? 0
    format = parsed?.format ?? .decimal
  }
}

extension Quantity: Hashable, Comparable {
  package static func == (one: Quantity, other: Quantity) -> Bool { one.billionths == other.billionths }

  package static func < (one: Quantity, other: Quantity) -> Bool { one.billionths < other.billionths }

  package func hash(into hasher: inout Hasher) { hasher.combine(billionths) }
}

extension Quantity: CustomStringConvertible {
  package var description: String { text }

  /// The spelling that Kubernetes stores: no fraction, the largest suffix that allows it. `1024Mi` is `1Gi`.
  package var canonical: String {
    guard billionths != 0 else { return "0" }
    let unit: Int128 = 1_000_000_000
    if format == .binary, billionths.magnitude >= 1024 * unit.magnitude, billionths % unit == 0 {
      return Self.reduce(billionths / unit, by: 1024, suffixes: ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"])
    }
    let suffixes =
      format == .exponent
      ? ["e-9", "e-6", "e-3", "", "e3", "e6", "e9", "e12", "e15", "e18"]
      : ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]
    return Self.reduce(billionths, by: 1000, suffixes: suffixes)
  }

  private static func reduce(_ value: Int128, by factor: Int128, suffixes: [String]) -> String {
    var value = value
    var remaining = suffixes[...]
    while remaining.count > 1, value % factor == 0 {
      value /= factor
      remaining.removeFirst()
    }
    return String(value) + (remaining.first ?? "")
  }
}
