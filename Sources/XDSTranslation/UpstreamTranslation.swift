import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// One use of a cluster as an APISIX upstream.
struct UpstreamTranslation: Sendable {
  let object: APISIXObject
  /// For the sidecar's plugin.
  let rule: JSONValue?
  let notes: Set<Note>

  init(_ variant: UpstreamVariant, of state: ClusterState?) {
    var notes = Notes("cluster \(variant.cluster)")
    var members = JSONObject()
    guard let state else {
      // Held open for a cluster that has not come yet, or has gone before its routes.
      object = APISIXObject(.upstreams, id: variant.id, origin: notes.resource, ["type": "roundrobin", "nodes": []])
      self.notes = []
      rule = nil
      return
    }
    let cluster = state.message
    notes.unread(cluster: cluster)
    members["type"] = .string(Self.balancer(state, hash: variant.hash, notes: &notes))
    if let hash = variant.hash, members["type"]?.string == "chash" { hash.add(to: &members) }
    members["nodes"] = Self.nodes(state, notes: &notes)
    members["timeout"] = state.summary.timeouts
    members["retries"] = .number(JSONNumber(Self.retries(variant.retries, members["nodes"]?.array?.count ?? 0)))
    if let total = variant.retryTimeout { members["retry_timeout"] = total.seconds }
    // Endpoints that come as addresses have no names, and the host stays.
    if variant.passesEndpointHost, [.strictDns, .logicalDns].contains(cluster.type) { members["pass_host"] = "node" }
    let connection = state.connection
    if !connection.isPossible { members["nodes"] = [] }
    if connection.scheme != "http" { members["scheme"] = .string(connection.scheme) }
    // A worker may take up the upstream before its rule; by this the plugin knows that there is one.
    if connection.isPossible, connection.tls?.authorities != nil {
      members["labels"] = .object([SidecarPlugin.verifiedLabel: "true"])
    }
    var pool = JSONObject()
    if let requests = connection.requestsPerConnection { pool["requests"] = .number(JSONNumber(requests)) }
    if let idle = connection.idleTimeout { pool["idle_timeout"] = idle.seconds }
    if !pool.isEmpty { members["keepalive_pool"] = .object(pool) }
    if connection.followsClient { notes.add(.protocolChoice, "what the client speaks") }
    if variant.passesEndpointHost, state.endpoints.namesHosts { notes.add(.endpointHost) }
    if members["nodes"]?.array?.isEmpty == false, let checks = cluster.checks(notes: &notes) {
      members["checks"] = checks
    }
    let rules = UpstreamRules(
      requests: cluster.requestLimit(overHTTP2: connection.scheme.hasPrefix("grpc"), notes: &notes),
      tls: connection.isPossible ? connection.tls : nil
    )
    rule = rules.value(of: variant.cluster)
    if cluster.hasLbSubsetConfig { notes.add(.subsets) }
    object = APISIXObject(.upstreams, id: variant.id, origin: notes.resource, members)
    self.notes = notes.notes.union(state.endpoints.notes).union(state.connectionNotes)
  }

  /// Of several endpoints, APISIX tries each once; what it then answers by itself would hide the last one's answer.
  private static func retries(_ count: Int, _ nodes: Int) -> Int { nodes > 1 ? min(count, nodes - 1) : count }

  private static func balancer(
    _ state: ClusterState,
    hash: HashKey?,
    notes: inout Notes
  ) -> String {
    switch state.message.lbPolicy {
    case .roundRobin, .clusterProvided: return "roundrobin"
    case .leastRequest:
      guard state.endpoints.differInWeight else { return "least_conn" }
      // Where nothing is under way, least_conn takes the heaviest each time; Envoy goes by weight.
      notes.add(.weightedLeastRequest)
      return "roundrobin"
    case .ringHash, .maglev:
      guard hash != nil else { return "roundrobin" }
      notes.add(.hashPolicy)
      return "chash"
    case .random, .loadBalancingPolicyConfig, .UNRECOGNIZED:
      notes.add(.randomBalancing)
      return "roundrobin"
    }
  }

  private static func nodes(_ state: ClusterState, notes: inout Notes) -> JSONValue {
    switch state.summary.kind {
    case .endpoints, .originalDestination: return .array(state.endpoints.nodes.map(\.value))
    case .unsupported:
      notes.add(.customCluster, state.message.clusterType.name)
      return []
    }
  }
}

extension HashKey {
  fileprivate func add(to members: inout JSONObject) {
    switch self {
    case .header(let name):
      members["hash_on"] = "header"
      members["key"] = .string(name)
    case .cookie(let name):
      members["hash_on"] = "cookie"
      members["key"] = .string(name)
    case .variable(let name): members["key"] = .string(name)
    }
  }
}
