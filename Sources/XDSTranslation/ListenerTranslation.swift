import EnvoyConfig
import FoundationEssentials
import SwiftProtobuf

/// What one listener takes, and by which routes.
struct ListenerTranslation: Sendable {
  /// One way into a listener.
  struct Entry: Sendable, Hashable {
    /// The value of `amesh_listener`.
    let key: String
    /// Only what came in mutual TLS.
    let requiresTLS: Bool
    let routes: Routes
    let settings: ConnectionSettings
  }

  enum Routes: Sendable, Hashable {
    case named(String)
    case inline(Envoy_Config_Route_V3_RouteConfiguration)
  }

  private(set) var entries: [Entry] = []
  private(set) var notes: Set<Note> = []

  init(_ listener: Envoy_Config_Listener_V3_Listener) {
    var notes = Notes("listener \(listener.name)")
    notes.unread(listener)
    Self.look(atListenerFilters: UnreadFields.contents(of: 9, in: listener.unknownFields.data), notes: &notes)
    let isInbound = listener.trafficDirection == .inbound
    let direction = isInbound ? "i" : "o"
    // What is bound to a port of its own takes connections by their original destination.
    let isVirtual = listener.useOriginalDst.value || listener.name.hasPrefix("virtual")
    let addresses =
      isVirtual ? [direction] : Self.keys(of: listener, direction: direction, notes: &notes)
    var chains = listener.filterChains
    if listener.hasDefaultFilterChain { chains.append(listener.defaultFilterChain) }
    let ownPort = listener.address.socketAddress.portValue
    for (chain, position) in zip(chains, chains.indices) {
      let match = chain.filterChainMatch
      notes.unread(chain)
      notes.unread(match)
      guard match.isTakenWhole else {
        notes.add(.chainMatch, chain.name.isEmpty ? "filter chain \(position)" : chain.name)
        continue
      }
      var keys = addresses
      if match.hasDestinationPort {
        // Envoy's guard against calling its own port; ours are never in a route.
        if isVirtual, match.destinationPort.value == ownPort { continue }
        keys = isVirtual ? ["\(direction):\(match.destinationPort.value)"] : addresses
      }
      read(chain, keys: keys, isInbound: isInbound, notes: &notes)
    }
    self.notes = notes.notes
  }

  private static func keys(
    of listener: Envoy_Config_Listener_V3_Listener,
    direction: String,
    notes: inout Notes
  ) -> [String] {
    ([listener.address] + listener.additionalAddresses.map(\.address)).compactMap { address in
      guard case .socketAddress(let socket) = address.address, case .portValue(let port) = socket.portSpecifier else {
        notes.add(.listenerAddress)
        return nil
      }
      notes.unread(socket)
      switch socket.address {
      case "0.0.0.0", "::", "": return "\(direction):\(port)"
      case let ip: return "\(direction):\(ip.contains(":") ? "[\(ip)]" : ip):\(port)"
      }
    }
  }

  /// They look at a connection before anything is said on it; what is done here without them, Envoy needs them for.
  private static func look(atListenerFilters filters: [Data], notes: inout Notes) {
    for filter in filters {
      let name = UnreadFields.contents(of: 1, in: filter).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
      if !needlessFilters.contains(where: { name.hasSuffix($0) }) { notes.add(.httpFilter, name) }
    }
  }

  private static let needlessFilters = ["original_dst", "tls_inspector", "http_inspector"]

  private mutating func read(
    _ chain: Envoy_Config_Listener_V3_FilterChain,
    keys: [String],
    isInbound: Bool,
    notes: inout Notes
  ) {
    let match = chain.filterChainMatch
    let isTLS = match.transportProtocol == "tls" || chain.hasTransportSocket
    // Mutual TLS of the mesh comes in on a port of ours and is plain by then; anybody else's stays closed to us.
    if isTLS, !isInbound || !chain.hasTransportSocket { return notes.add(.tlsChain, chain.name) }
    if !match.serverNames.isEmpty { return notes.add(.tlsChain, match.serverNames[0]) }
    var guardingFilter: String?
    for filter in chain.filters {
      let typed = filter.typedConfig
      if typed.holds(ConnectionSettings.Manager.self) {
        guard let manager = typed.decoded(ConnectionSettings.Manager.self, notes: &notes) else { return }
        read(manager, keys: keys, requiresTLS: isTLS, guardedBy: guardingFilter, notes: &notes)
        return
      }
      if typed.holds(TCPProxy.self) {
        guard let proxy = typed.decoded(TCPProxy.self, notes: &notes) else { return }
        notes.unread(proxy)
        guard case .cluster(let cluster) = proxy.clusterSpecifier, !isTLS else { return notes.add(.tcpProxy) }
        let isFallback = cluster.hasSuffix("PassthroughCluster") || cluster.hasPrefix("InboundPassthrough")
        if !isFallback, cluster != "BlackHoleCluster" { notes.add(.tcpProxy) }
        var settings = ConnectionSettings(forwardingUpgrades: true)
        settings.guardingFilter = guardingFilter
        add(keys, requiresTLS: false, .inline(.passing(to: cluster)), settings)
        return
      }
      switch filter.kind {
      case .guarding:
        notes.add(.accessControl, filter.name)
        guardingFilter = guardingFilter ?? filter.name
      case .observing: break
      case .other: notes.add(.httpFilter, filter.name)
      }
    }
    notes.add(.tcpProxy, chain.name.isEmpty ? "a filter chain without HTTP" : chain.name)
  }

  private typealias TCPProxy = Envoy_Extensions_Filters_Network_TcpProxy_V3_TcpProxy

  private mutating func read(
    _ manager: ConnectionSettings.Manager,
    keys: [String],
    requiresTLS: Bool,
    guardedBy guardingFilter: String?,
    notes: inout Notes
  ) {
    var settings = ConnectionSettings(manager, notes: &notes)
    if let guardingFilter { settings.guardingFilter = guardingFilter }
    switch manager.routeSpecifier {
    case .rds(let rds): add(keys, requiresTLS: requiresTLS, .named(rds.routeConfigName), settings)
    case .routeConfig(let configuration): add(keys, requiresTLS: requiresTLS, .inline(configuration), settings)
    case .scopedRoutes, nil: notes.add(.scopedRoutes)
    }
  }

  /// Chains that lead to the same key: plain text goes over TLS, since APISIX has taken TLS off by then; otherwise the
  /// first counts.
  private mutating func add(
    _ keys: [String],
    requiresTLS: Bool,
    _ routes: Routes,
    _ settings: ConnectionSettings
  ) {
    for key in keys {
      let entry = Entry(key: key, requiresTLS: requiresTLS, routes: routes, settings: settings)
      guard let known = entries.firstIndex(where: { $0.key == key }) else {
        entries.append(entry)
        continue
      }
      let other = entries[known]
      // HTTP over what would be passed through blindly, plain over TLS.
      let isBetter =
        entry.isHTTP != other.isHTTP ? entry.isHTTP : other.requiresTLS && !entry.requiresTLS
      if isBetter { entries[known] = entry }
    }
  }
}

extension ListenerTranslation.Entry {
  fileprivate var isHTTP: Bool {
    if case .inline(let configuration) = routes { return configuration.name != passingName }
    return true
  }
}

private let passingName = "tcp"

extension ConnectionSettings {
  fileprivate init(forwardingUpgrades: Bool) {
    self.init()
    allowsWebSocket = forwardingUpgrades
  }
}

extension Envoy_Config_Route_V3_RouteConfiguration {
  /// Everything to one cluster, as a proxy of TCP does it.
  fileprivate static func passing(to cluster: String) -> Self {
    .with {
      $0.name = passingName
      $0.virtualHosts = [
        .with {
          $0.name = cluster
          $0.domains = ["*"]
          $0.routes = [
            .with {
              $0.match.prefix = "/"
              $0.route.cluster = cluster
              $0.route.timeout = Google_Protobuf_Duration()
            }
          ]
        }
      ]
    }
  }
}

extension Envoy_Config_Listener_V3_FilterChainMatch {
  /// Whether the chain takes all connections of its port: HTTP in plain text, whatever else it says about protocols.
  fileprivate var isTakenWhole: Bool {
    sourcePrefixRanges.isEmpty && sourcePorts.isEmpty
      && prefixRanges.allSatisfy { $0.prefixLen.value == 0 }
      // By address suffix, kind of source, and the source before any proxy.
      && UnreadFields.numbers(in: unknownFields.data).isDisjoint(with: [4, 12, 13])
  }
}
