import EnvoyConfig
import SwiftProtobuf

/// What routes have to know of a cluster; endpoints come and go without it.
struct ClusterSummary: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case endpoints
    /// Where the connection was going; the port may be another.
    case originalDestination(port: UInt32?)
    /// `inbound|PORT||`: the application itself.
    case application(port: UInt32)
    case unsupported
  }

  let kind: Kind
  /// Only these balancers look at a route's hash policy.
  let hashes: Bool
  let connectTimeout: Milliseconds

  /// Envoy's default.
  static let defaultConnectTimeout = Milliseconds(count: 5000)

  init(_ cluster: Envoy_Config_Cluster_V3_Cluster) {
    hashes = cluster.lbPolicy == .ringHash || cluster.lbPolicy == .maglev
    let timeout = Milliseconds(cluster.connectTimeout)
    connectTimeout = timeout.isZero ? Self.defaultConnectTimeout : timeout
    switch cluster.clusterDiscoveryType {
    case .type(.originalDst):
      let override = cluster.originalDstLbConfig.upstreamPortOverride.value
      if let port = Self.applicationPort(cluster.name) {
        kind = .application(port: override == 0 ? port : override)
      } else {
        kind = .originalDestination(port: override == 0 ? nil : override)
      }
    case .type(.static), .type(.strictDns), .type(.logicalDns), .type(.eds), nil: kind = .endpoints
    case .type(.UNRECOGNIZED), .clusterType: kind = .unsupported
    }
  }

  private static func applicationPort(_ name: String) -> UInt32? {
    let parts = name.split(separator: "|", omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0] == "inbound", let port = UInt32(parts[1]), (1...65535).contains(port) else {
      return nil
    }
    return port
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
