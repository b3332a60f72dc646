import NIOCore

/// Durations of many of the same thing.
struct Figures: Sendable {
  /// Nanoseconds.
  private var values: [Int64] = []

  var count: Int { values.count }

  mutating func add(_ amount: TimeAmount) { values.append(amount.nanoseconds) }

  mutating func sort() { values.sort() }

  /// In milliseconds, once sorted: the least that `share` of all are not above.
  func quantile(_ share: Double) -> Double {
    guard let last = values.last else { return 0 }
    let index = Int((Double(values.count) * share).rounded(.up)) - 1
    return Double(values.indices.contains(index) ? values[index] : last) / 1e6
  }
}

extension Double {
  /// With so many digits behind the point.
  func text(_ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let whole = Int64((self * scale).rounded())
    guard digits > 0 else { return "\(whole)" }
    let fraction = "\(whole.magnitude % UInt64(scale))"
    let sign = whole < 0 ? "-" : ""
    return
      "\(sign)\(whole.magnitude / UInt64(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
  }
}

extension TimeAmount {
  var seconds: Double { Double(nanoseconds) / 1e9 }
}
