import KubernetesObjects
import SwiftProtobuf

/// A span of time; what Envoy has finer does not matter here.
struct Milliseconds: Sendable, Hashable, Comparable {
  let count: Int

  /// A day, for what Envoy does not limit and APISIX has to.
  static let unlimited = Milliseconds(count: 86_400_000)

  init(count: Int) { self.count = count }

  /// Negative spans are none; at most a year; anything above nothing is at least a millisecond.
  init(_ duration: Google_Protobuf_Duration) {
    let seconds = min(max(duration.seconds, 0), 31_536_000)
    let nanoseconds = min(max(duration.nanos, 0), 999_999_999)
    let count = Int(seconds) * 1000 + Int(nanoseconds) / 1_000_000
    self.count = count == 0 && nanoseconds > 0 ? 1 : count
  }

  var isZero: Bool { count == 0 }

  static func < (one: Milliseconds, other: Milliseconds) -> Bool { one.count < other.count }

  /// In seconds, as APISIX counts.
  var seconds: JSONValue {
    let fraction = count % 1000
    if fraction == 0 { return .number(JSONNumber(count / 1000)) }
    var digits = String(fraction + 1000).dropFirst()
    while digits.last == "0" { digits = digits.dropLast() }
    return JSONNumber(spelling: "\(count / 1000).\(digits)").map { .number($0) } ?? .number(JSONNumber(count / 1000))
  }

  /// For settings that are in whole seconds, one at least.
  var wholeSeconds: Int { max(1, (count + 500) / 1000) }
}
