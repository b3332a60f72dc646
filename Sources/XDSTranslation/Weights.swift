/// Weights as small whole numbers in the same proportions.
enum Weights {
  /// Divided by what they have in common; scaled down where the largest is above the maximum, but none to nothing.
  static func reduced(_ weights: [UInt64], maximum: UInt64) -> [Int] {
    let divisor = max(1, weights.reduce(0, common))
    var reduced = weights.map { $0 / divisor }
    if let largest = reduced.max(), largest > maximum {
      reduced = reduced.map { $0 == 0 ? 0 : max(1, scaled($0, by: maximum, of: largest)) }
      let divisor = max(1, reduced.reduce(0, common))
      reduced = reduced.map { $0 / divisor }
    }
    return reduced.map { Int(clamping: $0) }
  }

  /// `weight` is not above `largest`, so the quotient fits.
  private static func scaled(_ weight: UInt64, by maximum: UInt64, of largest: UInt64) -> UInt64 {
    largest.dividingFullWidth(weight.multipliedFullWidth(by: maximum)).quotient
  }

  private static func common(_ one: UInt64, _ other: UInt64) -> UInt64 {
    var (one, other) = (one, other)
    while other > 0 { (one, other) = (other, one % other) }
    return one
  }
}
