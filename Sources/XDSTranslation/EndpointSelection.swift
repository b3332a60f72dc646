import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// The endpoints of a cluster that take requests, with weights and ranks as APISIX has them.
struct EndpointSelection: Sendable, Hashable {
  struct Node: Sendable, Hashable {
    let host: String
    let port: UInt32
    var weight: Int
    /// 0 is tried first.
    var rank: Int
  }

  private(set) var nodes: [Node] = []
  /// Whether any has a name beside its address.
  private(set) var namesHosts = false
  /// Among those that are tried at the same rank.
  var differInWeight: Bool {
    var weights: [Int: Int] = [:]
    return nodes.contains { node in
      let other = weights.updateValue(node.weight, forKey: node.rank) ?? node.weight
      return other != node.weight
    }
  }
  private(set) var notes: Set<Note> = []

  /// chash makes 160 points for each unit of weight.
  private static let maximumWeight: UInt64 = 1000
  private static let maximumHashWeight: UInt64 = 100

  init(_ assignment: Envoy_Config_Endpoint_V3_ClusterLoadAssignment, of cluster: Envoy_Config_Cluster_V3_Cluster) {
    var notes = Notes("cluster \(cluster.name)")
    notes.unread(assignment)
    notes.unread(assignment.policy)
    if !assignment.policy.dropOverloads.isEmpty { notes.add(.dropOverload) }
    let localities = Self.localities(assignment, of: cluster, notes: &notes)
    let taken = Self.taken(localities, of: cluster, overprovisioned: assignment.policy.overprovisioning)
    var order: [Address] = []
    var byAddress: [Address: (endpoint: Endpoint, weight: UInt64, rank: Int)] = [:]
    for (endpoint, weight, rank) in taken {
      let key = Address(host: endpoint.host, port: endpoint.port)
      if let known = byAddress[key] {
        byAddress[key] = (endpoint, known.weight.addingReportingOverflow(weight).partialValue, min(known.rank, rank))
      } else {
        order.append(key)
        byAddress[key] = (endpoint, weight, rank)
      }
    }
    let chosen = order.compactMap { byAddress[$0] }
    let hashes = cluster.lbPolicy == .ringHash || cluster.lbPolicy == .maglev
    let maximum = hashes ? Self.maximumHashWeight : Self.maximumWeight
    let weights = Weights.reduced(chosen.map(\.weight), maximum: maximum)
    // APISIX goes from rank to rank; where there is one only, it need not be said.
    let ranks = Set(chosen.map(\.rank)).sorted()
    if ranks.count > 1 { notes.add(.localityPriority) }
    nodes = zip(chosen, weights).map { choice, weight in
      Node(
        host: choice.endpoint.host,
        port: choice.endpoint.port,
        weight: weight,
        rank: ranks.firstIndex(of: choice.rank) ?? 0
      )
    }
    namesHosts = localities.contains { $0.endpoints.contains(where: \.isNamed) }
    self.notes = notes.notes
  }

  private struct Address: Hashable {
    let host: String
    let port: UInt32
  }

  private struct Endpoint {
    let host: String
    let port: UInt32
    let weight: UInt64
    let health: Envoy_Config_Core_V3_HealthStatus
    /// By a name that is not its address.
    let isNamed: Bool

    var isHealthy: Bool { health == .healthy || health == .unknown }
  }

  private struct Locality {
    let priority: UInt32
    let weight: UInt64?
    let endpoints: [Endpoint]
  }

  private static func localities(
    _ assignment: Envoy_Config_Endpoint_V3_ClusterLoadAssignment,
    of cluster: Envoy_Config_Cluster_V3_Cluster,
    notes: inout Notes
  ) -> [Locality] {
    assignment.endpoints.map { locality in
      notes.unread(locality)
      let endpoints = locality.lbEndpoints.compactMap { endpoint -> Endpoint? in
        notes.unread(endpoint)
        notes.unread(endpoint.endpoint)
        guard case .socketAddress(let socket) = endpoint.endpoint.address.address,
          case .portValue(let port) = socket.portSpecifier, (1...65535).contains(port), isHost(socket.address)
        else {
          notes.add(.endpointAddress)
          return nil
        }
        let weight = endpoint.hasLoadBalancingWeight ? max(1, endpoint.loadBalancingWeight.value) : 1
        notes.unread(socket)
        let name = endpoint.endpoint.hostname
        return Endpoint(
          host: socket.address,
          port: port,
          weight: UInt64(weight),
          health: endpoint.healthStatus,
          isNamed: !name.isEmpty && name != socket.address
        )
      }
      return Locality(
        priority: locality.priority,
        weight: locality.hasLoadBalancingWeight ? UInt64(locality.loadBalancingWeight.value) : nil,
        endpoints: endpoints
      )
    }
  }

  /// The pattern of APISIX's schema.
  private static func isHost(_ host: String) -> Bool {
    !host.isEmpty && host.utf8.allSatisfy(RequestVariable.isPartOfHost)
  }

  /// Healthy ones by priority, then degraded ones; all of a priority where so few are healthy that Envoy panics.
  private static func taken(
    _ localities: [Locality],
    of cluster: Envoy_Config_Cluster_V3_Cluster,
    overprovisioned factor: Double
  ) -> [(Endpoint, weight: UInt64, rank: Int)] {
    let priorities = Dictionary(grouping: localities, by: \.priority).sorted { $0.key < $1.key }.map(\.value)
    let threshold =
      cluster.commonLbConfig.hasHealthyPanicThreshold ? cluster.commonLbConfig.healthyPanicThreshold.value : 50
    let health = priorities.map { Health($0.flatMap(\.endpoints), factor) }
    let isShort = health.reduce(0) { $0 + $1.availability } < 100
    var taken: [(Endpoint, weight: UInt64, rank: Int)] = []
    for (rank, priority) in priorities.enumerated() {
      let panics = isShort && health[rank].healthyPercent < threshold
      let healthy = { (endpoint: Endpoint) in panics || endpoint.isHealthy }
      taken += weighted(priority, of: cluster, where: healthy).map { ($0, $1, rank) }
      if !panics {
        taken += weighted(priority, of: cluster) { $0.health == .degraded }.map { ($0, $1, priorities.count + rank) }
      }
    }
    return taken
  }

  private struct Health {
    let healthyPercent: Double
    let availability: Double

    init(_ endpoints: [Endpoint], _ factor: Double) {
      let total = Double(max(1, endpoints.count))
      let healthy = Double(endpoints.count { $0.isHealthy })
      let degraded = Double(endpoints.count { $0.health == .degraded })
      healthyPercent = 100 * healthy / total
      availability = min(100, factor * healthy / total) + min(100, factor * degraded / total)
    }
  }

  /// With locality weights, an endpoint has its part of its locality's weight, and one without weight gets nothing.
  private static func weighted(
    _ localities: [Locality],
    of cluster: Envoy_Config_Cluster_V3_Cluster,
    where isTaken: (Endpoint) -> Bool
  ) -> [(Endpoint, UInt64)] {
    let byLocality =
      cluster.commonLbConfig.localityConfigSpecifier != nil && localities.contains { $0.weight != nil }
    return localities.flatMap { locality -> [(Endpoint, UInt64)] in
      let endpoints = locality.endpoints.filter(isTaken)
      let sum = endpoints.reduce(0) { $0 + $1.weight }
      guard byLocality else { return endpoints.map { ($0, $0.weight << 16) } }
      guard let weight = locality.weight, weight > 0, sum > 0 else { return [] }
      if weight == sum { return endpoints.map { ($0, $0.weight << 16) } }
      return endpoints.map { ($0, max(1, share(of: weight << 16, $0.weight, sum))) }
    }
  }
}

extension Envoy_Config_Endpoint_V3_ClusterLoadAssignment.Policy {
  /// In hundredths; Envoy's default is 140.
  fileprivate var overprovisioning: Double { hasOverprovisioningFactor ? Double(overprovisioningFactor.value) : 140 }
}

extension EndpointSelection {
  /// `part` is not above `sum`, so the quotient fits.
  private static func share(of whole: UInt64, _ part: UInt64, _ sum: UInt64) -> UInt64 {
    sum.dividingFullWidth(whole.multipliedFullWidth(by: part)).quotient
  }
}

extension EndpointSelection.Node {
  /// As an APISIX node.
  var value: JSONValue {
    var node: JSONObject = [
      "host": .string(host), "port": .number(JSONNumber(Int(port))), "weight": .number(JSONNumber(weight)),
    ]
    if rank > 0 { node["priority"] = .number(JSONNumber(-rank)) }
    return .object(node)
  }

  var authority: String { "\(host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host):\(port)" }
}
