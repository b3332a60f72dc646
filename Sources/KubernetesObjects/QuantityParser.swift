/// The grammar of `resource.Quantity`: an optional sign, digits with an optional point, a suffix or an exponent.
enum QuantityParser {
  static func parse(_ text: String) -> (billionths: Int128, format: Quantity.Format)? {
    var rest = text.utf8[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    guard var number = Digits(&rest), let suffix = Suffix(rest) else { return nil }
    number.exponent += suffix.decimalExponent
    guard let magnitude = billionths(number, shift: suffix.binaryShift) else { return nil }
    return (isNegative ? -magnitude : magnitude, suffix.format)
  }

  /// digits × 10^exponent, and a bit more if `isMore`.
  private struct Digits {
    var value: UInt128 = 0
    var exponent = 0
    var isMore = false

    /// Enough for every value in range; what comes after only decides about rounding.
    private static let significant: UInt128 = 1_000_000_000_000_000_000_000_000_000_000_000_000

    init?(_ rest: inout Substring.UTF8View) {
      var count = 0
      var isFraction = false
      while let byte = rest.first {
        if byte == UInt8(ascii: "."), !isFraction {
          isFraction = true
        } else if byte &- UInt8(ascii: "0") < 10 {
          count += 1
          append(byte - UInt8(ascii: "0"), isFraction: isFraction)
        } else {
          break
        }
        rest = rest.dropFirst()
      }
      if count == 0 { return nil }
    }

    private mutating func append(_ digit: UInt8, isFraction: Bool) {
      if value < Self.significant {
        value = value * 10 + UInt128(digit)
        if isFraction { exponent -= 1 }
      } else {
        if digit != 0 { isMore = true }
        if !isFraction { exponent += 1 }
      }
    }
  }

  private struct Suffix {
    var format: Quantity.Format
    var decimalExponent = 0
    var binaryShift = 0

    init?(_ text: Substring.UTF8View) {
      if let decimal = ["n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18][
        String(Substring(text))
      ] {
        format = .decimal
        decimalExponent = decimal
      } else if let shift = ["Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60][String(Substring(text))] {
        format = .binary
        binaryShift = shift
      } else {
        guard let mark = text.first, mark | 0x20 == UInt8(ascii: "e") else { return nil }
        var digits = text.dropFirst()
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        guard !digits.isEmpty, digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else { return nil }
        // Beyond a million no value is in range whatever its digits are.
        let exponent = min(Int(String(Substring(digits))) ?? 1_000_000, 1_000_000)
        format = .exponent
        decimalExponent = isNegative ? -exponent : exponent
      }
    }
  }

  /// Rounded away from zero; nil where it is no signed 64-bit whole number even so.
  private static func billionths(_ number: Digits, shift: Int) -> Int128? {
    guard number.value != 0 else { return number.isMore ? 1 : 0 }
    let limit = UInt128(Int64.max) * 1_000_000_000
    let exponent = number.exponent + 9
    // 10^38 is the largest power in 128 bits, and 37 digits over it are less than one.
    guard exponent <= 38 else { return nil }
    guard exponent >= -56 else { return 1 }

    var factor = (1 as UInt128) << UInt128(shift)
    if exponent > 0 {
      let scaled = factor.multipliedReportingOverflow(by: power(exponent))
      guard !scaled.overflow else { return nil }
      factor = scaled.partialValue
    }
    let product = number.value.multipliedFullWidth(by: factor)
    var value = (quotient: product.low, remainder: 0 as UInt128)
    var isMore = number.isMore
    if exponent < 0 {
      // In two steps, as one power may not fit.
      var high = product.high
      var low = product.low
      for step in [min(-exponent, 28), max(-exponent - 28, 0)] {
        let divisor = power(step)
        let upper = high.quotientAndRemainder(dividingBy: divisor)
        let lower = divisor.dividingFullWidth((upper.remainder, low))
        high = upper.quotient
        low = lower.quotient
        isMore = isMore || lower.remainder != 0
      }
      guard high == 0 else { return nil }
      value.quotient = low
    } else if product.high != 0 {
      return nil
    }
    guard value.quotient <= limit else { return nil }
    let rounded = value.quotient + (isMore ? 1 : 0)
    return rounded <= limit ? Int128(rounded) : nil
  }

  private static func power(_ exponent: Int) -> UInt128 {
    (0..<exponent).reduce(1) { product, _ in product * 10 }
  }
}
