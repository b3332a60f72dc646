import FoundationEssentials
import SwiftProtobuf

/// What a control plane has said and nobody reads: fields that our messages leave out are kept by their numbers.
enum UnreadFields {
  /// Fields that say nothing of where requests go: names, statistics, tracing, metadata for other filters, Envoy's own
  /// buffers, what is noted elsewhere.
  private static let harmless: [String: Set<Int>] = [
    "envoy.config.listener.v3.Listener": [
      5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 20, 21, 22, 24, 26, 28, 29, 30, 31, 34, 35,
    ],
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager": [
      1, 2, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 24, 25, 26, 29, 30, 32, 33, 34, 35, 36, 37, 40, 44,
      45,
      50, 53, 54, 55, 56, 57, 58, 59, 60,
    ],
    "envoy.config.route.v3.Route": [4, 5, 15, 16, 19, 20],
    "envoy.config.route.v3.RouteAction": [11, 14, 23, 28, 26, 31, 40, 42],
    "envoy.config.route.v3.VirtualHost": [5, 14, 18, 19, 23, 24, 25],
    "envoy.config.route.v3.RouteConfiguration": [3, 7, 11, 17],
    "envoy.config.route.v3.RetryPolicy": [4, 5, 6, 7, 8, 12, 13],
    "envoy.config.route.v3.WeightedCluster": [2, 3],
    "envoy.config.route.v3.WeightedCluster.ClusterWeight": [3],
    "envoy.config.route.v3.RouteAction.RequestMirrorPolicy": [4, 6],
    "envoy.config.cluster.v3.Cluster": [
      5, 13, 16, 17, 18, 20, 21, 23, 25, 28, 29, 30, 31, 32, 37, 39, 40, 42, 44, 45, 47, 49, 50, 52, 53, 54, 55, 56, 57,
      58,
    ],
    // Priority and budget of retries are looked at; the other is whether Envoy counts what remains.
    "envoy.config.cluster.v3.CircuitBreakers.Thresholds": [1, 6, 8],
    "envoy.extensions.filters.http.fault.v3.HTTPFault": [8, 9, 10, 11, 12, 13, 14, 15, 16],
    "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit": [1, 9, 10, 11, 12, 13, 14, 15, 18],
  ]

  private static let names: [String: [Int: String]] = [
    "envoy.config.listener.v3.Listener": [
      18: "udp_listener_config", 19: "api_listener", 27: "internal_listener", 32: "filter_chain_matcher",
      36: "fcds_config",
    ],
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager": [
      22: "via", 28: "request_timeout", 38: "local_reply_config", 41: "request_headers_timeout",
      43: "path_normalization_options", 46: "original_ip_detection_extensions", 47: "strip_trailing_host_dot",
      48: "scheme_header_transformation", 49: "proxy_status_config", 51: "append_x_forwarded_port",
      52: "early_header_mutation_extensions",
    ],
    "envoy.config.route.v3.RouteMatch": [11: "tls_context", 13: "dynamic_metadata", 16: "filter_state"],
    "envoy.config.route.v3.RouteAction": [
      4: "metadata_match", 13: "rate_limits", 27: "hedge_policy", 33: "retry_policy_typed_config",
      34: "internal_redirect_policy", 38: "append_x_forwarded_host", 39: "inline_cluster_specifier_plugin",
      41: "path_rewrite_policy", 44: "host_rewrite", 45: "path_rewrite",
    ],
    "envoy.config.route.v3.VirtualHost": [
      6: "rate_limits", 17: "hedge_policy", 20: "retry_policy_typed_config", 21: "matcher",
    ],
    "envoy.config.route.v3.RouteConfiguration": [
      12: "cluster_specifier_plugins", 13: "request_mirror_policies", 15: "ignore_path_parameters_in_path_matching",
      18: "vhost_header",
    ],
    "envoy.config.route.v3.RetryPolicy": [
      9: "retriable_headers", 10: "retriable_request_headers", 11: "rate_limited_retry_back_off",
    ],
    "envoy.config.cluster.v3.CircuitBreakers": [2: "per_host_thresholds"],
    "envoy.config.cluster.v3.CircuitBreakers.Thresholds": [7: "max_connection_pools"],
    "envoy.config.cluster.v3.Cluster": [41: "load_balancing_policy", 59: "transport_socket_matcher"],
    "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit": [8: "descriptors", 17: "rate_limits"],
  ]

  /// What is to be noted of a message: `hedge_policy of RouteAction`.
  static func descriptions<M: Message>(of message: M) -> [String] {
    let data = message.unknownFields.data
    guard !data.isEmpty else { return [] }
    let type = M.protoMessageName
    let harmless = harmless[type] ?? []
    let unread = data.withUnsafeBytes { numbers(in: $0) { !harmless.contains($0) } }
    guard !unread.isEmpty else { return [] }
    let short = type.split(separator: ".").last.map(String.init) ?? type
    return unread.sorted()
      .map { "\(names[type]?[$0] ?? "field \($0)") of \(short)" }
  }

  /// Numbers of the fields in a serialized message.
  static func numbers(in data: Data) -> Set<Int> { data.withUnsafeBytes { numbers(in: $0) { _ in true } } }

  /// Stops where the message can't be read.
  private static func numbers(in bytes: UnsafeRawBufferPointer, where isWanted: (Int) -> Bool) -> Set<Int> {
    var numbers: Set<Int> = []
    var rest = bytes[...]
    while let key = varint(&rest), let number = Int(exactly: key >> 3), number > 0 {
      if isWanted(number) { numbers.insert(number) }
      let length: UInt64?
      switch key & 7 {
      case 0: length = varint(&rest).map { _ in 0 }
      case 1: length = 8
      case 2: length = varint(&rest)
      case 5: length = 4
      default: length = nil
      }
      guard let length, let count = Int(exactly: length), count <= rest.count else { break }
      rest = rest.dropFirst(count)
    }
    return numbers
  }

  private static func varint(_ bytes: inout Slice<UnsafeRawBufferPointer>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }
}

extension Notes {
  /// Notes the fields of a message that nobody reads.
  mutating func unread(_ message: some Message) {
    for description in UnreadFields.descriptions(of: message) { add(.unreadField, description) }
  }
}
