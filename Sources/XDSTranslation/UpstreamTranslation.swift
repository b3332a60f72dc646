import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// One use of a cluster as an APISIX upstream.
struct UpstreamTranslation: Sendable {
  let object: APISIXObject
  let notes: Set<Note>

  init(_ variant: UpstreamVariant, of state: ClusterState?, options: TranslationOptions) {
    var notes = Notes("cluster \(variant.cluster)")
    var members = JSONObject()
    guard let state else {
      // Held open for a cluster that has not come yet, or has gone before its routes.
      object = APISIXObject(.upstreams, id: variant.id, origin: notes.resource, ["type": "roundrobin", "nodes": []])
      self.notes = []
      return
    }
    let cluster = state.message
    notes.unread(cluster)
    members["type"] = .string(Self.balancer(cluster, hash: variant.hash, notes: &notes))
    if let hash = variant.hash, members["type"]?.string == "chash" { hash.add(to: &members) }
    members["nodes"] = Self.nodes(state, options: options, notes: &notes)
    members["timeout"] = [
      "connect": state.summary.connectTimeout.seconds,
      "send": Milliseconds.unlimited.seconds,
      "read": Milliseconds.unlimited.seconds,
    ]
    members["retries"] = .number(JSONNumber(variant.retries))
    if let total = variant.retryTimeout { members["retry_timeout"] = total.seconds }
    if variant.passesEndpointHost { members["pass_host"] = "node" }
    let connection = state.connection
    if !connection.isPossible { members["nodes"] = [] }
    if connection.scheme != "http" { members["scheme"] = .string(connection.scheme) }
    if let requests = connection.requestsPerConnection {
      members["keepalive_pool"] = ["requests": .number(JSONNumber(requests))]
    }
    if members["nodes"]?.array?.isEmpty == false, let checks = cluster.checks(notes: &notes) {
      members["checks"] = checks
    }
    if cluster.circuitBreakers.limitsAnything { notes.add(.circuitBreakers) }
    if cluster.hasLbSubsetConfig { notes.add(.subsets) }
    object = APISIXObject(.upstreams, id: variant.id, origin: notes.resource, members)
    self.notes = notes.notes.union(state.endpoints.notes).union(state.connectionNotes)
  }

  private static func balancer(
    _ cluster: Envoy_Config_Cluster_V3_Cluster,
    hash: HashKey?,
    notes: inout Notes
  ) -> String {
    switch cluster.lbPolicy {
    case .roundRobin, .clusterProvided: return "roundrobin"
    case .leastRequest: return "least_conn"
    case .ringHash, .maglev:
      guard hash != nil else { return "roundrobin" }
      notes.add(.hashPolicy)
      return "chash"
    case .random, .loadBalancingPolicyConfig, .UNRECOGNIZED:
      notes.add(.randomBalancing)
      return "roundrobin"
    }
  }

  private static func nodes(_ state: ClusterState, options: TranslationOptions, notes: inout Notes) -> JSONValue {
    switch state.summary.kind {
    case .endpoints, .originalDestination: return .array(state.endpoints.nodes.map(\.value))
    case .application(let port):
      return [["host": .string(options.applicationAddress), "port": .number(JSONNumber(Int(port))), "weight": 1]]
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

extension Envoy_Config_Cluster_V3_CircuitBreakers {
  /// Istio says the highest number for no limit.
  fileprivate var limitsAnything: Bool {
    thresholds.contains { threshold in
      [
        threshold.hasMaxConnections ? threshold.maxConnections.value : .max,
        threshold.hasMaxPendingRequests ? threshold.maxPendingRequests.value : .max,
        threshold.hasMaxRequests ? threshold.maxRequests.value : .max,
        threshold.hasMaxRetries ? threshold.maxRetries.value : .max,
      ].contains { $0 < .max }
    }
  }
}
