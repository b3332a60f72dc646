import EnvoyConfig
import SwiftProtobuf

/// A cluster among weighted ones that has a route of its own, for its share of the requests.
struct ClusterShare {
  let cluster: Envoy_Config_Route_V3_WeightedCluster.ClusterWeight
  /// Holds for its share and those of the clusters before it, whose routes come first.
  let condition: Expression

  /// What traffic-split takes.
  private static let maximumUpstreams = 20

  /// Nil where one route with traffic-split does it all.
  static func shares(
    of action: Envoy_Config_Route_V3_RouteAction,
    clusters directory: some ClusterDirectory
  ) -> [ClusterShare]? {
    guard case .weightedClusters(let weighted) = action.clusterSpecifier else { return nil }
    let taken = weighted.clusters.filter { $0.weight.value > 0 }
    guard taken.count > maximumUpstreams || taken.contains(where: { $0.needsRoute(directory) }) else { return nil }
    let sum = taken.reduce(UInt64(0)) { $0 + UInt64($1.weight.value) }
    var shares: [ClusterShare] = []
    var (before, drawn) = (UInt64(0), Fraction(0, of: sum))
    for cluster in taken {
      before += UInt64(cluster.weight.value)
      let all = Fraction(before, of: sum)
      // Less than a millionth is nothing.
      guard all != drawn else { continue }
      drawn = all
      shares.append(ClusterShare(cluster: cluster, condition: all.condition(.split)))
    }
    return shares
  }
}

extension Envoy_Config_Route_V3_WeightedCluster.ClusterWeight {
  /// Whether something is to be done for this cluster only.
  fileprivate func needsRoute(_ directory: some ClusterDirectory) -> Bool {
    if hasExtras || !clusterHeader.isEmpty { return true }
    if case .originalDestination = directory.summary(of: name)?.kind { return true }
    return false
  }

  private var hasExtras: Bool {
    !requestHeadersToAdd.isEmpty || !requestHeadersToRemove.isEmpty || !responseHeadersToAdd.isEmpty
      || !responseHeadersToRemove.isEmpty || !typedPerFilterConfig.isEmpty || hostRewriteSpecifier != nil
  }
}

extension Envoy_Config_Route_V3_RouteAction {
  /// As one for a single cluster of the weighted ones; the host that a route says goes over its clusters'.
  func only(_ cluster: Envoy_Config_Route_V3_WeightedCluster.ClusterWeight) -> Self {
    var action = self
    if cluster.clusterHeader.isEmpty {
      action.cluster = cluster.name
    } else {
      action.clusterHeader = cluster.clusterHeader
    }
    if action.hostRewriteSpecifier == nil, case .hostRewriteLiteral(let host) = cluster.hostRewriteSpecifier {
      action.hostRewriteLiteral = host
    }
    return action
  }
}
