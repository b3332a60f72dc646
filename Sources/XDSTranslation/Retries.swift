import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// Timeout and retries of a route, which go together: APISIX limits an attempt, and all attempts.
struct Retries {
  private(set) var count = 0
  /// For all attempts; nil if only one is made, or there is no limit.
  private(set) var total: Milliseconds?
  /// For one attempt; nil for no limit.
  private var attempt: Milliseconds?

  /// What APISIX does: try again where nothing has come back, and, by the sidecar's configuration, after a 503.
  private static let done: Set<Substring> = ["connect-failure", "refused-stream", "reset", "reset-before-request"]
  private static let retriedStatus: UInt32 = 503

  /// - Parameter others: what else ends a stream, each none where it is zero.
  init(
    _ policy: Envoy_Config_Route_V3_RetryPolicy?,
    timeout: Milliseconds,
    others: [Milliseconds],
    notes: inout Notes
  ) {
    attempt = (others + [timeout]).filter { !$0.isZero }.min()
    guard let policy, !policy.retryOn.isEmpty else { return }
    notes.unread(policy)
    count = policy.hasNumRetries ? Int(min(policy.numRetries.value, 100)) : 1
    let conditions = Set(policy.retryOn.utf8.split(separator: UInt8(ascii: ",")).map(Substring.init))
    var others = conditions.subtracting(Self.done)
    if others.contains("retriable-status-codes"), policy.retriableStatusCodes.allSatisfy({ $0 == Self.retriedStatus }) {
      others.remove("retriable-status-codes")
    }
    if !others.isEmpty, count > 0 { notes.add(.retryConditions, others.sorted().joined(separator: ", ")) }
    if count > 0, !timeout.isZero { total = timeout }
    let perTry = Milliseconds(policy.perTryTimeout)
    if !perTry.isZero { attempt = attempt.map { min($0, perTry) } ?? perTry }
  }

  /// The route's timeouts; nil where the upstream's do.
  func timeout(connect: Milliseconds) -> JSONValue? {
    guard let attempt else { return nil }
    return [
      "connect": min(connect, attempt).seconds,
      "send": attempt.seconds,
      "read": attempt.seconds,
    ]
  }
}
