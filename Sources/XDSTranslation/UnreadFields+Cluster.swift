import EnvoyConfig
import FoundationEssentials
import SwiftProtobuf

extension Notes {
  /// What nobody reads of a cluster, whatever becomes of it.
  mutating func unread(cluster: Envoy_Config_Cluster_V3_Cluster) {
    unread(cluster)
    let fields = cluster.unknownFields.data
    if !fields.isEmpty {
      // What comes in gets the address that Envoy would have bound to, by the sidecar's plugin.
      let isInbound = cluster.name.hasPrefix("inbound|") || cluster.name.hasPrefix("InboundPassthrough")
      if !isInbound, UnreadFields.numbers(in: fields).contains(21) {
        add(.unreadField, "upstream_bind_config of Cluster")
      }
      for filter in UnreadFields.contents(of: 40, in: fields) {
        let name = UnreadFields.contents(of: 1, in: filter).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
        if !Self.observers.contains(where: { name.hasPrefix($0) }) { add(.httpFilter, name) }
      }
    }
    unread(cluster.commonLbConfig)
    if case .originalDstLbConfig(let config) = cluster.lbConfig {
      unread(config)
      if config.useHTTPHeader { add(.unreadField, "use_http_header of OriginalDstLbConfig") }
    }
  }

  /// Istio's own, which watch and report.
  private static let observers = ["istio.metadata_exchange", "envoy.filters.network.upstream.metadata_exchange"]
}
