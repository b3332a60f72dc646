import FoundationEssentials

/// Times as a Lease has them: RFC 3339 with exactly six digits of a second's fraction, which Kubernetes insists on.
enum MicroTime {
  static func text(_ date: Date) -> String {
    let seconds = date.timeIntervalSince1970.rounded(.down)
    let fraction = min(999_999, max(0, Int((date.timeIntervalSince1970 - seconds) * 1_000_000)))
    let whole = Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    let digits = String(1_000_000 + fraction).dropFirst()
    return "\(whole.dropLast()).\(digits)Z"
  }
}
