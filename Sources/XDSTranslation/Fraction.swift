import EnvoyConfig
import SwiftProtobuf

/// A share of all requests, drawn by nginx's `$request_id`: 32 random hexadecimal digits, the same for a request's life.
///
/// Five digits at a place of its own for each use tell a share to a millionth; uses at different places are independent
/// of each other, as Envoy's are.
struct Fraction: Sendable, Hashable {
  /// Which digits of the identifier are drawn from.
  enum Use: Int, Sendable {
    case match = 0
    case delay = 5
    case abort = 10
    case split = 15
  }

  private static let steps: UInt64 = 1 << 20
  private let step: UInt64

  init(_ fraction: Envoy_Type_V3_FractionalPercent) {
    self.init(UInt64(fraction.numerator), of: UInt64(Self.denominator(of: fraction)))
  }

  static func denominator(of fraction: Envoy_Type_V3_FractionalPercent) -> Int {
    switch fraction.denominator {
    case .hundred, .UNRECOGNIZED: 100
    case .tenThousand: 10_000
    case .million: 1_000_000
    }
  }

  /// No more than all; the whole must not be nothing.
  init(_ part: UInt64, of whole: UInt64) {
    let (part, whole) = (min(part, whole), max(1, whole))
    let (high, low) = part.multipliedFullWidth(by: Self.steps)
    let (exact, rest) = whole.dividingFullWidth((high, low))
    step = exact + (rest >= whole - rest ? 1 : 0)
  }

  var isNone: Bool { step == 0 }
  var isAll: Bool { step >= Self.steps }

  /// As a number between 0 and 1, in millionths.
  var millionths: Int { Int((step * 1_000_000 + Self.steps / 2) / Self.steps) }

  /// Empty for all; must not be asked of none.
  func condition(_ use: Use) -> Expression {
    isAll ? Expression() : .matches("request_id", "^" + skipped(use.rawValue) + below(digits[...]))
  }

  private func skipped(_ count: Int) -> String { count == 0 ? "" : ".{\(count)}" }

  private var digits: [Int] { (0..<5).reversed().map { Int(step >> UInt64(4 * $0) & 15) } }

  /// Matches texts whose digits are, as a number, below the given ones.
  private func below(_ digits: ArraySlice<Int>) -> String {
    guard let first = digits.first else { return "(?!)" }
    let rest = digits.dropFirst()
    let isLast = rest.allSatisfy { $0 == 0 }
    let smaller = first == 0 ? nil : Self.range(upTo: first - 1)
    let equal = isLast ? nil : Self.digit(first) + below(rest)
    switch (smaller, equal) {
    case (let smaller?, let equal?): return "(?:\(smaller)|\(equal))"
    case (let smaller?, nil): return smaller
    case (nil, let equal?): return equal
    case (nil, nil): return "(?!)"
    }
  }

  private static func digit(_ value: Int) -> String { String(value, radix: 16) }

  private static func range(upTo last: Int) -> String {
    switch last {
    case 0: "0"
    case 1...9: "[0-\(last)]"
    case 10: "[0-9a]"
    default: "[0-9a-\(digit(last))]"
    }
  }
}
