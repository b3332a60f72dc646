import EnvoyConfig
import SwiftProtobuf

extension Envoy_Config_Cluster_V3_Cluster {
  /// How many requests may be under way at a time; nil where nothing is said, or no limit is meant.
  ///
  /// Over HTTP/1 Envoy has a connection for each request, and others may wait for one.
  func requestLimit(overHTTP2: Bool, notes: inout Notes) -> Int? {
    notes.unread(circuitBreakers)
    if circuitBreakers.thresholds.contains(where: { !$0.isDefault }) {
      notes.add(.unreadField, "thresholds of CircuitBreakers for routes of high priority")
    }
    guard let threshold = circuitBreakers.thresholds.first(where: \.isDefault) else { return nil }
    notes.unread(threshold)
    if threshold.fields.contains(8) { notes.add(.retryLimit, "retry_budget") }
    if threshold.hasMaxRetries, threshold.maxRetries.value < .max { notes.add(.retryLimit, "max_retries") }
    guard threshold.limitsRequests else { return nil }
    notes.add(.circuitBreakers)
    var limits: [UInt64] = []
    if threshold.hasMaxRequests { limits.append(UInt64(threshold.maxRequests.value)) }
    if !overHTTP2, threshold.hasMaxConnections || threshold.hasMaxPendingRequests {
      let connections = threshold.hasMaxConnections ? threshold.maxConnections.value : Self.defaultLimit
      let waiting = threshold.hasMaxPendingRequests ? threshold.maxPendingRequests.value : Self.defaultLimit
      // One connection there is always.
      limits.append(UInt64(max(1, connections)) + UInt64(waiting))
    }
    return limits.min().flatMap { $0 < UInt32.max ? Int($0) : nil }
  }

  /// Envoy's, where a threshold is there and does not say.
  private static var defaultLimit: UInt32 { 1024 }
}

extension Envoy_Config_Cluster_V3_CircuitBreakers.Thresholds {
  fileprivate var fields: Set<Int> { UnreadFields.numbers(in: unknownFields.data) }

  /// Those of routes of high priority say so, in the first field.
  fileprivate var isDefault: Bool { !fields.contains(1) }

  /// Istio says the highest number for no limit.
  fileprivate var limitsRequests: Bool {
    hasMaxRequests && maxRequests.value < .max || hasMaxConnections && maxConnections.value < .max
      || hasMaxPendingRequests && maxPendingRequests.value < .max
  }
}
