/// What a control plane may ask for, and what becomes of it. Each row is one feature of xDS; those that are not done as
/// Envoy does them are found again in ``Finding``.
package enum Feature: String, Sendable, Hashable, CaseIterable {
  // Listeners.
  case outboundListener = "outbound-listener"
  case inboundListener = "inbound-listener"
  case passthrough
  case websocket
  case tcpProxy = "tcp-proxy"
  case tlsChain = "tls-chain"
  case chainMatch = "chain-match"
  case scopedRoutes = "scoped-routes"
  case accessControl = "access-control"
  case httpFilter = "http-filter"
  case listenerAddress = "listener-address"
  // Virtual hosts and matches.
  case virtualHost = "virtual-host"
  case domains
  case hostPort = "host-port"
  case requestForm = "request-form"
  case routeOrder = "route-order"
  case path
  case pathSpelling = "path-spelling"
  case headers
  case queryParameters = "query-parameters"
  case grpcMatch = "grpc-match"
  case fraction
  case regex
  case headerMatch = "header-match"
  case queryMatch = "query-match"
  case pathMatch = "path-match"
  case connect
  case requireTLS = "require-tls"
  case externalTLS = "external-tls"
  case onDemandHosts = "on-demand-hosts"
  // Actions.
  case cluster
  case unknownCluster = "unknown-cluster"
  case weightedClusters = "weighted-clusters"
  case manyClusters = "many-clusters"
  case weightedExtras = "weighted-extras"
  case weightedOriginalDestination = "weighted-original-destination"
  case clusterHeader = "cluster-header"
  case redirect
  case redirectPort = "redirect-port"
  case directResponse = "direct-response"
  case responseStatus = "response-status"
  case otherAction = "other-action"
  case pathRewrite = "path-rewrite"
  case hostRewrite = "host-rewrite"
  case computedHost = "computed-host"
  case hostName = "host-name"
  case headerChange = "header-change"
  case headerValue = "header-value"
  case timeout
  case retry
  case retryConditions = "retry-conditions"
  case hashPolicy = "hash-policy"
  case hashPolicyKind = "hash-policy-kind"
  case mirror
  case manyMirrors = "many-mirrors"
  case cors
  case fault
  case headerFault = "header-fault"
  case faultExtras = "fault-extras"
  case rateLimit = "rate-limit"
  case filterConfig = "filter-config"
  case upgrade
  // Clusters and endpoints.
  case endpoints
  case originalDestination = "original-destination"
  case passthroughSettings = "passthrough-settings"
  case customCluster = "custom-cluster"
  case loadBalancing = "load-balancing"
  case randomBalancing = "random-balancing"
  case weightedLeastRequest = "weighted-least-request"
  case subsets
  case connectTimeout = "connect-timeout"
  case connectionReuse = "connection-reuse"
  case circuitBreakers = "circuit-breakers"
  case retryLimit = "retry-limit"
  case outlierDetection = "outlier-detection"
  case healthCheck = "health-check"
  case grpcHealthCheck = "grpc-health-check"
  case http2
  case http3
  case protocolChoice = "protocol-choice"
  case tlsOrigination = "tls-origination"
  case tlsValidation = "tls-validation"
  case tlsAuthorities = "tls-authorities"
  case tlsName = "tls-name"
  case clientCertificate = "client-certificate"
  case mutualTLS = "mutual-tls"
  case transportSocket = "transport-socket"
  case endpointHost = "endpoint-host"
  case endpointHealth = "endpoint-health"
  case localityWeights = "locality-weights"
  case localityPriority = "locality-priority"
  case endpointAddress = "endpoint-address"
  case dropOverload = "drop-overload"
  case unreadField = "unread-field"
  case malformed
}
