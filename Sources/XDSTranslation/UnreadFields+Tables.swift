// Of each message whose fields are looked at: those that need no word, and the names of the others that are not read. Names
// and numbers are the API's.
extension UnreadFields {
  /// Fields that say nothing of where requests go: names, statistics, logs, tracing, metadata for other filters, Envoy's
  /// own buffers and sockets, how often names are resolved, HTTP/2's windows, what is noted elsewhere or stands in the table
  /// of features as never done.
  static let harmless: [String: Set<Int>] = [
    "envoy.config.cluster.v3.CircuitBreakers.Thresholds": [1, 6, 8],
    "envoy.config.cluster.v3.Cluster": [
      5, 16, 17, 20, 21, 23, 25, 28, 32, 39, 40, 42, 44, 45, 47, 49, 50, 52, 54, 57, 58,
    ],
    "envoy.config.cluster.v3.Cluster.CommonLbConfig": [4, 6],
    "envoy.config.cluster.v3.OutlierDetection": [6, 7, 8, 9],
    "envoy.config.core.v3.HealthCheck": [3, 7, 12, 13, 17, 18, 19, 20, 22, 24, 25, 26],
    "envoy.config.core.v3.HealthCheck.HttpHealthCheck": [14],
    "envoy.config.core.v3.Http1ProtocolOptions": [1, 2, 3, 4, 6, 7, 9, 10, 11],
    "envoy.config.core.v3.Http2ProtocolOptions": [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17],
    "envoy.config.core.v3.SocketAddress": [6],
    "envoy.config.endpoint.v3.LbEndpoint": [3],
    "envoy.config.endpoint.v3.LocalityLbEndpoints": [1, 6, 9],
    "envoy.config.listener.v3.FilterChain": [5, 9],
    "envoy.config.listener.v3.FilterChainMatch": [4, 5, 12, 13],
    "envoy.config.listener.v3.Listener": [
      5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 20, 21, 22, 24, 26, 28, 29, 30, 31, 34, 35,
    ],
    "envoy.config.route.v3.RetryPolicy": [5, 6],
    "envoy.config.route.v3.Route": [4, 5, 15, 16, 19, 20],
    "envoy.config.route.v3.RouteAction": [14, 23, 28, 40, 42],
    "envoy.config.route.v3.RouteAction.MaxStreamDuration": [2, 3],
    "envoy.config.route.v3.RouteAction.RequestMirrorPolicy": [4, 6],
    "envoy.config.route.v3.RouteConfiguration": [7, 11, 17],
    "envoy.config.route.v3.VirtualHost": [5, 14, 18, 19, 23, 24, 25],
    "envoy.config.route.v3.WeightedCluster": [2, 3],
    "envoy.extensions.filters.http.fault.v3.HTTPFault": [8, 9, 10, 11, 12, 13, 14, 15, 16],
    "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit": [1, 9, 13, 14, 18],
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager": [
      1, 2, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 20, 21, 24, 26, 32, 34, 36, 37, 40, 44, 50, 53, 54, 55, 56, 57,
      58, 59, 60,
    ],
    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy": [1, 3, 4, 5, 8, 10, 13, 15, 16, 17, 20],
    "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext": [2, 3, 11, 13, 17],
    "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext": [4, 9, 10, 11, 12, 14],
    "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext": [3, 4, 5, 7],
  ]

  static let names: [String: [Int: String]] = [
    "envoy.config.cluster.v3.CircuitBreakers": [2: "per_host_thresholds"],
    "envoy.config.cluster.v3.CircuitBreakers.Thresholds": [7: "max_connection_pools"],
    "envoy.config.cluster.v3.Cluster": [
      13: "http_protocol_options", 18: "dns_resolvers", 26: "protocol_selection", 29: "common_http_protocol_options",
      30: "upstream_connection_options", 31: "close_connections_on_host_health_failure", 37: "least_request_lb_config",
      41: "load_balancing_policy", 46: "upstream_http_protocol_options", 48: "upstream_config",
      51: "connection_pool_per_downstream_connection", 53: "dns_resolution_config", 55: "typed_dns_resolver_config",
      56: "round_robin_lb_config", 59: "transport_socket_matcher",
    ],
    "envoy.config.cluster.v3.Cluster.CommonLbConfig": [
      2: "zone_aware_lb_config", 5: "ignore_new_hosts_until_first_hc", 7: "consistent_hashing_lb_config",
      8: "override_host_status",
    ],
    "envoy.config.cluster.v3.Cluster.OriginalDstLbConfig": [4: "metadata_key"],
    "envoy.config.cluster.v3.OutlierDetection": [
      12: "split_external_local_origin_errors", 13: "consecutive_local_origin_failure",
      14: "enforcing_consecutive_local_origin_failure", 15: "enforcing_local_origin_success_rate",
      16: "failure_percentage_threshold", 17: "enforcing_failure_percentage",
      18: "enforcing_failure_percentage_local_origin", 19: "failure_percentage_minimum_hosts",
      20: "failure_percentage_request_volume", 21: "max_ejection_time", 22: "max_ejection_time_jitter",
      23: "successful_active_health_check_uneject_host", 24: "monitors", 25: "always_eject_one_host",
    ],
    "envoy.config.core.v3.HealthCheck": [
      6: "alt_port", 15: "unhealthy_edge_interval", 16: "healthy_edge_interval", 21: "tls_options",
      23: "transport_socket_match_criteria",
    ],
    "envoy.config.core.v3.HealthCheck.HttpHealthCheck": [
      3: "send", 4: "receive", 8: "request_headers_to_remove", 9: "expected_statuses", 10: "codec_client_type",
      11: "service_name_matcher", 12: "retriable_statuses", 13: "method",
    ],
    "envoy.config.core.v3.HealthCheck.TcpHealthCheck": [3: "proxy_protocol_config"],
    "envoy.config.core.v3.Http1ProtocolOptions": [5: "enable_trailers", 8: "send_fully_qualified_url"],
    "envoy.config.core.v3.Http2ProtocolOptions": [5: "allow_connect", 15: "connection_keepalive"],
    "envoy.config.core.v3.HttpProtocolOptions": [
      2: "max_headers_count", 3: "max_connection_duration", 4: "max_stream_duration",
      5: "headers_with_underscores_action", 7: "max_response_headers_kb",
    ],
    "envoy.config.core.v3.SocketAddress": [1: "protocol", 5: "resolver_name", 7: "network_namespace_filepath"],
    "envoy.config.endpoint.v3.ClusterLoadAssignment": [5: "named_endpoints"],
    "envoy.config.endpoint.v3.ClusterLoadAssignment.Policy": [
      4: "endpoint_stale_after", 6: "weighted_priority_health",
    ],
    "envoy.config.endpoint.v3.Endpoint": [2: "health_check_config", 4: "additional_addresses"],
    "envoy.config.endpoint.v3.LocalityLbEndpoints": [7: "load_balancer_endpoints", 8: "leds_cluster_locality_config"],
    "envoy.config.listener.v3.FilterChain": [4: "use_proxy_proto"],
    "envoy.config.listener.v3.Listener": [
      18: "udp_listener_config", 19: "api_listener", 27: "internal_listener", 32: "filter_chain_matcher",
      36: "fcds_config",
    ],
    "envoy.config.route.v3.CorsPolicy": [12: "allow_private_network_access", 13: "forward_not_matching_preflights"],
    "envoy.config.route.v3.DirectResponseAction": [3: "body_format"],
    "envoy.config.route.v3.RetryPolicy": [
      4: "retry_priority", 8: "retry_back_off", 9: "retriable_headers", 10: "retriable_request_headers",
      11: "rate_limited_retry_back_off", 12: "retry_options_predicates", 13: "per_try_idle_timeout",
    ],
    "envoy.config.route.v3.RouteAction": [
      4: "metadata_match", 11: "priority", 13: "rate_limits", 26: "internal_redirect_action", 27: "hedge_policy",
      31: "max_internal_redirects", 33: "retry_policy_typed_config", 34: "internal_redirect_policy",
      38: "append_x_forwarded_host", 39: "inline_cluster_specifier_plugin", 41: "path_rewrite_policy",
      44: "host_rewrite", 45: "path_rewrite",
    ],
    "envoy.config.route.v3.RouteAction.HashPolicy.Cookie": [4: "attributes"],
    "envoy.config.route.v3.RouteAction.RequestMirrorPolicy": [
      7: "request_headers_mutations", 8: "host_rewrite_literal",
    ],
    "envoy.config.route.v3.RouteAction.UpgradeConfig": [3: "connect_config"],
    "envoy.config.route.v3.RouteConfiguration": [
      3: "internal_only_headers", 12: "cluster_specifier_plugins", 13: "request_mirror_policies",
      15: "ignore_path_parameters_in_path_matching", 18: "vhost_header",
    ],
    "envoy.config.route.v3.RouteMatch": [11: "tls_context", 13: "dynamic_metadata", 16: "filter_state"],
    "envoy.config.route.v3.VirtualHost": [
      6: "rate_limits", 17: "hedge_policy", 20: "retry_policy_typed_config", 21: "matcher",
    ],
    "envoy.config.route.v3.WeightedCluster": [4: "header_name", 5: "use_hash_policy"],
    "envoy.config.route.v3.WeightedCluster.ClusterWeight": [3: "metadata_match"],
    "envoy.extensions.filters.http.cors.v3.CorsPolicy": [
      9: "allow_private_network_access", 10: "forward_not_matching_preflights",
    ],
    "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit": [
      8: "descriptors", 10: "request_headers_to_add_when_not_enforced",
      11: "local_rate_limit_per_downstream_connection", 12: "enable_x_ratelimit_headers",
      15: "rate_limited_as_resource_exhausted", 16: "local_cluster_rate_limit", 17: "rate_limits",
    ],
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager": [
      19: "xff_num_trusted_hops", 22: "via", 25: "internal_address_config", 28: "request_timeout",
      29: "max_request_headers_kb", 35: "common_http_protocol_options", 38: "local_reply_config",
      41: "request_headers_timeout", 43: "path_normalization_options", 46: "original_ip_detection_extensions",
      47: "strip_trailing_host_dot", 48: "scheme_header_transformation", 49: "proxy_status_config",
      51: "append_x_forwarded_port", 52: "early_header_mutation_extensions",
    ],
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig": [2: "filters"],
    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy": [
      7: "max_connect_attempts", 9: "metadata_match", 11: "hash_policy", 12: "tunneling_config", 14: "on_demand",
      18: "backoff_options", 19: "proxy_protocol_tlvs", 21: "upstream_connect_mode", 22: "max_early_data_bytes",
    ],
    "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext": [
      6: "require_signed_certificate_timestamp", 8: "allow_expired_certificate", 10: "trust_chain_verification",
      14: "only_verify_leaf_cert_crl",
    ],
    "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext": [
      1: "tls_params", 13: "custom_handshaker", 15: "key_log", 16: "custom_tls_certificate_selector",
    ],
    "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext": [6: "auto_host_sni"],
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": [
      2: "upstream_http_protocol_options", 6: "http_filters", 7: "header_validation_config", 8: "outlier_detection",
      9: "request_mirror_policies", 10: "hash_policy", 11: "retry_policy",
    ],
  ]
}
