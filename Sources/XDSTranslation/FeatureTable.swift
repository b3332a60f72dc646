/// A row of the table of features.
package struct FeatureRow: Sendable, Hashable {
  package enum Treatment: String, Sendable, Hashable, CaseIterable {
    case translated
    case approximated
    case refused
  }

  package let treatment: Treatment
  /// What xDS calls it.
  package let subject: String
  /// What it becomes, or what is lost; this is also the message of a finding.
  package let outcome: String

  fileprivate static func translated(_ subject: String, _ outcome: String) -> FeatureRow {
    FeatureRow(treatment: .translated, subject: subject, outcome: outcome)
  }

  fileprivate static func approximated(_ subject: String, _ outcome: String) -> FeatureRow {
    FeatureRow(treatment: .approximated, subject: subject, outcome: outcome)
  }

  fileprivate static func refused(_ subject: String, _ outcome: String) -> FeatureRow {
    FeatureRow(treatment: .refused, subject: subject, outcome: outcome)
  }
}

extension Feature {
  package var message: String { row.outcome }

  package var row: FeatureRow { listenerRow ?? matchRow ?? actionRow ?? clusterRow }

  /// The table in Markdown, and how many rows of each kind there are.
  package static var markdown: String {
    var lines = ["| xDS | | In APISIX |", "|---|---|---|"]
    for feature in allCases {
      let row = feature.row
      lines.append("| \(escaped(row.subject)) | \(row.treatment.rawValue) | \(escaped(row.outcome)) |")
    }
    let counts = FeatureRow.Treatment.allCases.map { treatment in
      "\(allCases.count { $0.row.treatment == treatment }) \(treatment.rawValue)"
    }
    return lines.joined(separator: "\n") + "\n\n\(allCases.count) features: \(counts.joined(separator: ", ")).\n"
  }

  private static func escaped(_ text: String) -> String { text.replacing("|", with: "\\|").replacing("*", with: "\\*") }

  private var listenerRow: FeatureRow? {
    switch self {
    case .outboundListener:
      .translated(
        "outbound listeners, by port and by virtual IP",
        "a condition on `amesh_listener`, which the sidecar's plugin finds from the original destination as Envoy would"
      )
    case .inboundListener:
      .translated(
        "inbound filter chains, `inbound|PORT||`",
        "routes by the port that was called, to the Pod's own address, from loopback"
      )
    case .passthrough:
      .translated(
        "virtualOutbound, virtualInbound: passthrough and black hole",
        "routes of their own for what no listener takes; a black hole answers 503"
      )
    case .websocket: .translated("upgrade_configs: websocket", "`enable_websocket`")
    case .tcpProxy:
      .approximated(
        "tcp_proxy",
        "HTTP that goes there is passed to the cluster; any other protocol needs a port that is not captured"
      )
    case .tlsChain:
      .refused(
        "filter chains for TLS (server_names, transport_protocol tls)",
        "TLS that an application starts itself is not proxied; do not capture its port"
      )
    case .chainMatch:
      .refused("filter chains by source, address range or port", "the filter chain is left out")
    case .scopedRoutes: .refused("scoped_routes", "the filter chain is left out")
    case .accessControl:
      .refused(
        "rbac, jwt_authn, ext_authz, oauth2, basic_auth, api_key_auth, csrf, credential_injector, of HTTP and of "
          + "connections, for all or for one route",
        "not enforced by APISIX: all requests are answered 403, for safety, unless the rules only log"
      )
    case .httpFilter:
      .refused(
        "other filters: lua, wasm, ext_proc, ratelimit, compressor, buffer, grpc_web, stateful_session and all that are "
          + "not named here",
        "the filter is left out, and requests pass without it"
      )
    case .listenerAddress: .refused("listeners on pipes and internal addresses", "the listener is left out")
    default: nil
    }
  }

  private var matchRow: FeatureRow? {
    switch self {
    case .virtualHost:
      .translated("virtual hosts", "`hosts` of its routes, shared by a service where there are several")
    case .domains:
      .refused("domains that are no host names", "the domain is left out")
    case .hostPort:
      .approximated(
        "strip_matching_host_port, strip_any_host_port",
        "the port is left out where hosts are compared; upstreams see it"
      )
    case .requestForm:
      .approximated(
        "what clients may send",
        "CONNECT and TRACE are refused; `-` and `_` in names of headers are one; of a header that is sent twice the values "
          + "are compared as one; names of parameters and their values are compared decoded; a dot behind the host is left "
          + "out; `x-envoy-…` headers other than those for faults ask for nothing; a GET is sent again where a connection that "
          + "was kept breaks; what the sidecar answers to gRPC is a status of HTTP"
      )
    case .routeOrder: .translated("first match wins", "`priority` among routes of one host, all under the same `uri`")
    case .path:
      .translated(
        "prefix, path, path_separated_prefix, safe_regex, case_sensitive",
        "conditions on `amesh_path`, the path as Envoy has it"
      )
    case .pathSpelling:
      .approximated(
        "normalize_path, merge_slashes, path_with_escaped_slashes_action",
        "done by the sidecar's plugin; what is to be rejected is answered 404, what is to be redirected is sent on; a path "
          + "that leads above its root, has a `%` that escapes nothing, or is longer than 6,000 bytes is refused by APISIX"
      )
    case .headers:
      .translated(
        "header matchers of all kinds, inverted, present, missing as empty; methods",
        "conditions on `http_…`, `request_method`"
      )
    case .queryParameters: .translated("query parameter matchers", "conditions on `arg_…`")
    case .grpcMatch: .translated("grpc", "a condition on the content type")
    case .fraction: .translated("runtime_fraction (its default)", "a condition on digits of `request_id`")
    case .regex: .refused("expressions that PCRE has not", "the route is left out")
    case .headerMatch:
      .refused("header matchers without a variable, regular expressions for missing headers", "the route is left out")
    case .queryMatch: .refused("query parameter matchers without a pattern", "the route is left out")
    case .pathMatch: .refused("path_match_policy and other path matchers", "the route is left out")
    case .connect: .refused("connect_matcher", "the route is left out: APISIX does not take CONNECT")
    case .requireTLS: .translated("require_tls: ALL", "redirect to https of what did not come in TLS")
    case .externalTLS: .refused("require_tls: EXTERNAL_ONLY", "plain requests from outside are served too")
    case .onDemandHosts: .refused("vhds", "virtual hosts on demand are not fetched")
    default: nil
    }
  }

  private var actionRow: FeatureRow? {
    switch self {
    case .cluster: .translated("cluster", "`upstream_id`")
    case .unknownCluster:
      .approximated("a cluster that does not exist (yet)", "answered 503 until the cluster is there")
    case .weightedClusters: .translated("weighted_clusters, weights of any sum, zero", "traffic-split")
    case .manyClusters:
      .translated("more than 20 weighted clusters", "a route for each, by a condition on digits of `request_id`")
    case .weightedExtras:
      .translated("settings of one weighted cluster (headers, filters, host)", "the same: its route has them")
    case .weightedOriginalDestination:
      .translated("original destination among weighted clusters", "the same")
    case .clusterHeader:
      .refused("cluster_header, cluster specifier plugins", "requests are answered 503")
    case .redirect:
      .translated("redirect, by path, prefix, expression, host, port, scheme", "redirect, after the sidecar's plugin")
    case .redirectPort: .approximated("https_redirect of a host that names port 80", "the port stays in the location")
    case .directResponse: .translated("direct_response", "fault-injection, without its upstream")
    case .responseStatus: .approximated("statuses below 200", "answered 503")
    case .otherAction: .refused("filter_action, non_forwarding_action", "requests are answered 404")
    case .pathRewrite:
      .translated("prefix_rewrite, regex_rewrite", "the sidecar's plugin, which keeps the spelling of the rest")
    case .hostRewrite:
      .translated("host_rewrite_literal, auto_host_rewrite", "proxy-rewrite: `host`; `pass_host: node`")
    case .computedHost: .translated("host_rewrite_header, host_rewrite_path_regex", "the sidecar's plugin")
    case .hostName: .refused("hosts to rewrite to that are no host names", "the host stays as it is")
    case .headerChange:
      .translated(
        "headers to add, set and remove, of route, virtual host and configuration",
        "proxy-rewrite, response-rewrite"
      )
    case .headerValue: .refused("header values with commands that nginx has no variable for", "the header is left out")
    case .timeout:
      .approximated(
        "timeout, idle_timeout, max_stream_duration",
        "the time between two reads is limited, not the whole"
      )
    case .retry:
      .translated(
        "num_retries, per_try_timeout",
        "`retries`, `retry_timeout` of an upstream for that policy, or of the sidecar's plugin"
      )
    case .retryConditions:
      .approximated(
        "retry_on beyond failures of connections",
        "failed connections, timeouts and 503 are retried, the last two unless the method is POST, PATCH or LOCK"
      )
    case .hashPolicy:
      .approximated(
        "hash_policy of header, cookie, source IP, query parameter; ring hash and maglev",
        "chash: as consistent, but other endpoints; the first policy counts"
      )
    case .hashPolicyKind:
      .refused("other hash policies, rewritten or made-up hash keys", "the address of the client is hashed")
    case .mirror:
      .approximated(
        "request_mirror_policies with a fraction",
        "proxy-mirror: to one endpoint of the cluster; not to one that has to be verified, which it is not there"
      )
    case .manyMirrors: .refused("more mirrors than one, by header", "the first mirror counts")
    case .cors:
      .approximated(
        "CORS",
        "cors: a preflight is cached for 5 seconds where nothing is said, and other responses have its headers too"
      )
    case .fault: .translated("faults: delays, HTTP and gRPC aborts, any percentage, by header", "fault-injection")
    case .headerFault:
      .translated("faults that a request's header asks for, HTTP and gRPC, up to a percentage", "the sidecar's plugin")
    case .faultExtras:
      .refused("faults by cluster or node, rates of responses, limits of active faults", "the fault is left out")
    case .rateLimit: .approximated("local_ratelimit", "limit-req: tokens come evenly, for all workers together")
    case .filterConfig:
      .refused("settings of such filters for a virtual host, a route or a weighted cluster", "left out")
    case .upgrade: .refused("upgrades other than websocket", "not upgraded")
    default: nil
    }
  }

  private var clusterRow: FeatureRow {
    switch self {
    case .endpoints: .translated("EDS, STATIC, STRICT_DNS, LOGICAL_DNS", "`nodes`; names are resolved by APISIX")
    case .originalDestination:
      .translated("ORIGINAL_DST", "the sidecar's plugin sends the request to where it was going")
    case .passthroughSettings:
      .refused(
        "what an ORIGINAL_DST cluster, or the Pod's own, says beside: outlier_detection, "
          + "health_checks, circuit_breakers, max_requests_per_connection, idle_timeout, sni",
        "not done where the request goes where it was going"
      )
    case .customCluster: .refused("cluster_type", "answered 503")
    case .loadBalancing: .translated("ROUND_ROBIN, LEAST_REQUEST", "`roundrobin`, `least_conn`")
    case .randomBalancing: .approximated("RANDOM, policies by extension", "`roundrobin`")
    case .weightedLeastRequest:
      .approximated(
        "LEAST_REQUEST of endpoints with different weights",
        "`roundrobin`: by weight, whatever is under way"
      )
    case .subsets: .refused("lb_subset_config", "all endpoints are used")
    case .connectTimeout: .translated("connect_timeout", "`timeout.connect`")
    case .connectionReuse:
      .translated("max_requests_per_connection, idle_timeout", "`keepalive_pool`: `requests`, `idle_timeout`")
    case .circuitBreakers:
      .approximated(
        "circuit_breakers: max_requests, max_connections, max_pending_requests",
        "requests under way are counted; what is above max_requests, or over HTTP/1 above connections and pending "
          + "requests together, is answered 503"
      )
    case .retryLimit:
      .refused(
        "circuit_breakers: max_retries, retry_budget",
        "how many requests are tried again at a time is not limited"
      )
    case .outlierDetection:
      .approximated(
        "outlier_detection",
        "passive checks: only consecutive failures count, and any share of the endpoints may be left out; APISIX forgets "
          + "what it has seen when the configuration changes"
      )
    case .healthCheck: .translated("health_checks: HTTP, TCP", "`checks.active`, in whole seconds")
    case .grpcHealthCheck:
      .refused("health_checks: gRPC, what to send and expect over TCP", "a TCP connection is tried")
    case .http2: .approximated("HTTP/2 to endpoints", "`scheme: grpc`: HTTP/2 for all that goes there")
    case .http3: .refused("HTTP/3 to endpoints", "HTTP/1.1 is spoken")
    case .protocolChoice:
      .refused(
        "use_downstream_protocol_config, auto_config: the protocol of the client, or by ALPN",
        "HTTP/1.1 is spoken"
      )
    case .endpointHost:
      .refused(
        "hostname of an endpoint, with auto_host_rewrite",
        "the host becomes the name that the endpoint is found by, or stays where it has an address"
      )
    case .tlsOrigination:
      .translated(
        "TLS to endpoints: sni, trusted_ca",
        "`scheme: https`; the sidecar's plugin asks for the name, and has the server verified by it and the authorities"
      )
    case .tlsValidation:
      .approximated("match_subject_alt_names, none or several; revocation lists", "one name is asked for and verified")
    case .tlsAuthorities:
      .refused(
        "authorities by SDS (other than Istio's `file-root:`), names by pattern or URI, pinned certificates, other validators",
        "answered 503, since what can't be verified is not trusted"
      )
    case .tlsName: .refused("sni that is no host name", "the host of the request is asked for")
    case .clientCertificate:
      .refused(
        "client certificates to endpoints outside of the mesh",
        "none is shown, or where the server is verified one that says nothing"
      )
    case .mutualTLS:
      .approximated("mutual TLS within the mesh (transport_socket_matches)", "left to the sidecar's own mutual TLS")
    case .transportSocket:
      .refused("other transport sockets", "answered 503, since nothing goes out in plain text that was not to")
    case .endpointHealth:
      .translated(
        "health_status; panic threshold",
        "unhealthy and draining endpoints are left out, unless too few are healthy"
      )
    case .localityWeights: .translated("weights of endpoints and localities", "`weight`")
    case .localityPriority:
      .approximated(
        "priority of localities, degraded endpoints",
        "`priority`: the next is tried when all of the first have failed"
      )
    case .endpointAddress: .refused("endpoints without an address of IP or name and port", "the endpoint is left out")
    case .dropOverload: .refused("drop_overloads", "nothing is dropped")
    case .unreadField: .refused("any other field", "the field is not read")
    case .malformed: .refused("what does not decode", "left out")
    default: .refused(rawValue, "left out")
    }
  }
}
