import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// What routes have to know of a cluster; endpoints come and go without it.
struct ClusterSummary: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case endpoints
    /// Where the connection was going; the port may be another. Without a scheme, what the client speaks is spoken.
    case originalDestination(port: UInt32?, scheme: String?)
    case unsupported
  }

  let kind: Kind
  /// Only these balancers look at a route's hash policy.
  let hashes: Bool
  let connectTimeout: Milliseconds
  /// Of a cluster that becomes no upstream, what it says that is not done as Envoy would.
  let notes: Set<Note>

  /// Envoy's default.
  static let defaultConnectTimeout = Milliseconds(count: 5000)

  init(_ cluster: Envoy_Config_Cluster_V3_Cluster, over connection: UpstreamConnection, notes: Set<Note>) {
    hashes = cluster.lbPolicy == .ringHash || cluster.lbPolicy == .maglev
    let timeout = Milliseconds(cluster.connectTimeout)
    connectTimeout = timeout.isZero ? Self.defaultConnectTimeout : timeout
    var isUnverified = false
    switch cluster.clusterDiscoveryType {
    // What passes through has no upstream by which the plugin would know whom to trust.
    case .type(.originalDst) where connection.isPossible && connection.tls?.authorities == nil:
      let port = cluster.originalDstLbConfig.upstreamPortOverride.value
      kind = .originalDestination(
        port: (1...65535).contains(port) ? port : nil,
        scheme: connection.ownScheme
      )
    case .type(.static) where connection.isPossible && connection.tls?.authorities == nil:
      kind = cluster.ownPodPort.map { .originalDestination(port: $0, scheme: connection.ownScheme) } ?? .endpoints
    case .type(.originalDst):
      isUnverified = connection.tls?.authorities != nil
      kind = .endpoints
    case .type(.static), .type(.strictDns), .type(.logicalDns), .type(.eds), nil: kind = .endpoints
    case .type(.UNRECOGNIZED), .clusterType: kind = .unsupported
    }
    if case .originalDestination = kind {
      var own = Notes("cluster \(cluster.name)")
      own.unread(cluster: cluster)
      own.lost(cluster, over: connection)
      self.notes = own.notes.union(notes)
    } else if isUnverified {
      var own = Notes("cluster \(cluster.name)")
      own.add(.tlsAuthorities, "where the connection was going")
      self.notes = own.notes
    } else {
      self.notes = []
    }
  }
}

extension ClusterSummary {
  /// Where no route says less.
  var timeouts: JSONValue {
    [
      "connect": connectTimeout.seconds, "send": Milliseconds.unlimited.seconds, "read": Milliseconds.unlimited.seconds,
    ]
  }
}

extension Notes {
  /// What an upstream has, and what passes through has not.
  fileprivate mutating func lost(_ cluster: Envoy_Config_Cluster_V3_Cluster, over connection: UpstreamConnection) {
    var limits = Notes(resource)
    if cluster.requestLimit(overHTTP2: false, notes: &limits) != nil { add(.passthroughSettings, "circuit_breakers") }
    formUnion(limits.notes.filter { $0.feature != .circuitBreakers })
    if cluster.hasOutlierDetection { add(.passthroughSettings, "outlier_detection") }
    if !cluster.healthChecks.isEmpty { add(.passthroughSettings, "health_checks") }
    if connection.requestsPerConnection != nil { add(.passthroughSettings, "max_requests_per_connection") }
    if connection.idleTimeout != nil { add(.passthroughSettings, "idle_timeout") }
    if let name = connection.tls?.name { add(.passthroughSettings, "sni \(name)") }
  }
}

extension UpstreamConnection {
  /// What is spoken whatever the client speaks.
  fileprivate var ownScheme: String? { scheme == "http" ? nil : scheme }
}

extension Envoy_Config_Cluster_V3_Cluster {
  /// The port of an inbound cluster's endpoint that is not on loopback, and so is the Pod itself; nil for all others.
  fileprivate var ownPodPort: UInt32? {
    let endpoints = loadAssignment.endpoints.flatMap(\.lbEndpoints)
    guard name.hasPrefix("inbound|"), endpoints.count == 1,
      case .socketAddress(let socket) = endpoints.first?.endpoint.address.address,
      (1...65535).contains(socket.portValue), !socket.address.hasPrefix("127."), socket.address != "::1"
    else { return nil }
    return socket.portValue
  }
}

/// One use of a cluster: APISIX keeps in the upstream what Envoy has in the route.
struct UpstreamVariant: Sendable, Hashable {
  let cluster: String
  var retries = 0
  /// For all attempts together.
  var retryTimeout: Milliseconds?
  var hash: HashKey?
  /// The request's host becomes the endpoint's.
  var passesEndpointHost = false

  init(cluster: String) { self.cluster = cluster }

  var id: String {
    ObjectID.of(
      "upstream",
      cluster,
      String(retries),
      retryTimeout.map { String($0.count) } ?? "",
      hash?.label ?? "",
      passesEndpointHost ? "endpoint" : ""
    )
  }
}

/// What chash hashes.
enum HashKey: Sendable, Hashable {
  case header(String)
  case cookie(String)
  case variable(String)

  var label: String {
    switch self {
    case .header(let name): "header \(name)"
    case .cookie(let name): "cookie \(name)"
    case .variable(let name): "variable \(name)"
    }
  }
}
