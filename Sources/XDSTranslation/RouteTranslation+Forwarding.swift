import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

extension RouteTranslation {
  typealias Action = Envoy_Config_Route_V3_RouteAction

  /// Envoy's default where a route says nothing.
  private static let defaultTimeout = Milliseconds(count: 15_000)

  /// Sends requests to the action's cluster or clusters.
  mutating func pass(
    _ action: Action,
    retryPolicy: Envoy_Config_Route_V3_RetryPolicy?,
    clusters directory: some ClusterDirectory
  ) {
    notes.unread(action)
    for upgrade in action.upgradeConfigs {
      notes.unread(upgrade)
      let isAllowed = !upgrade.hasEnabled || upgrade.enabled.value
      if upgrade.upgradeType.lowercased() == "websocket" {
        members["enable_websocket"] = isAllowed ? true : nil
      } else if isAllowed {
        notes.add(.upgrade, upgrade.upgradeType)
      }
    }
    notes.unread(action.maxStreamDuration)
    let retries = Retries(
      action.hasRetryPolicy ? action.retryPolicy : retryPolicy,
      timeout: action.hasTimeout ? Milliseconds(action.timeout) : Self.defaultTimeout,
      others: [
        action.hasIdleTimeout ? Milliseconds(action.idleTimeout) : idleTimeout,
        Milliseconds(action.maxStreamDuration.maxStreamDuration),
      ],
      notes: &notes
    )
    var form = UpstreamVariant(cluster: "")
    form.retries = retries.count
    form.retryTimeout = retries.total
    form.passesEndpointHost = action.autoHostRewrite.value
    let hash = hashKey(action.hashPolicy)

    switch action.clusterSpecifier {
    case .cluster(let name): pass(to: name, form, hash, retries, action, clusters: directory)
    case .weightedClusters(let weighted): split(weighted, form, hash, retries, clusters: directory)
    case .clusterHeader, .clusterSpecifierPlugin, nil:
      notes.add(.clusterHeader)
      abort(503)
    }
  }

  private mutating func pass(
    to name: String,
    _ form: UpstreamVariant,
    _ hash: HashKey?,
    _ retries: Retries,
    _ action: Action,
    clusters directory: some ClusterDirectory
  ) {
    clusters.insert(name)
    guard let summary = directory.summary(of: name) else {
      notes.add(.unknownCluster, name)
      switch action.clusterNotFoundResponseCode {
      case .notFound: abort(404)
      case .internalServerError: abort(500)
      case .serviceUnavailable, .UNRECOGNIZED: abort(503)
      }
      return
    }
    clusterNotes.formUnion(summary.notes)
    let timeout = retries.timeout(connect: summary.connectTimeout)
    if case .originalDestination(let port, let scheme) = summary.kind {
      plugins.addToSidecarPlugin("upstream", "original-destination")
      if let port { plugins.addToSidecarPlugin("port", .number(JSONNumber(Int(port)))) }
      if let scheme { plugins.addToSidecarPlugin("scheme", .string(scheme)) }
      // There is no upstream to have them.
      members["timeout"] = timeout ?? summary.timeouts
      if form.retries > 0 { plugins.addToSidecarPlugin("retries", .number(JSONNumber(form.retries))) }
      if let total = form.retryTimeout { plugins.addToSidecarPlugin("retry_timeout", total.seconds) }
    } else {
      var variant = UpstreamVariant(like: form, cluster: name)
      if summary.hashes { variant.hash = hash }
      members["upstream_id"] = .string(use(variant))
      members["timeout"] = timeout
    }
  }

  private mutating func split(
    _ weighted: Envoy_Config_Route_V3_WeightedCluster,
    _ form: UpstreamVariant,
    _ hash: HashKey?,
    _ retries: Retries,
    clusters directory: some ClusterDirectory
  ) {
    notes.unread(weighted)
    var weights: [UpstreamVariant: UInt64] = [:]
    var order: [UpstreamVariant] = []
    var connect = Milliseconds(count: 1)
    for cluster in weighted.clusters where cluster.weight.value > 0 {
      notes.unread(cluster)
      clusters.insert(cluster.name)
      let summary = directory.summary(of: cluster.name)
      if let summary { clusterNotes.formUnion(summary.notes) } else { notes.add(.unknownCluster, cluster.name) }
      var variant = UpstreamVariant(like: form, cluster: cluster.name)
      if summary?.hashes ?? false { variant.hash = hash }
      if weights[variant] == nil { order.append(variant) }
      weights[variant, default: 0] += UInt64(cluster.weight.value)
      connect = max(connect, summary?.connectTimeout ?? connect)
    }
    members["timeout"] = retries.timeout(connect: connect)
    if order.isEmpty { return abort(503) }
    if order.count == 1, let only = order.first {
      members["upstream_id"] = .string(use(only))
      return
    }
    let shares = Weights.reduced(order.map { weights[$0] ?? 0 }, maximum: 1_000_000)
    let upstreams: [JSONValue] = zip(order, shares).map { variant, weight in
      ["upstream_id": .string(use(variant)), "weight": .number(JSONNumber(weight))]
    }
    plugins["traffic-split"] = ["rules": [["weighted_upstreams": .array(upstreams)]]]
  }

  /// The first policy counts; Envoy would combine them.
  private mutating func hashKey(_ policies: [Action.HashPolicy]) -> HashKey? {
    guard let policy = policies.first else { return nil }
    if policies.count > 1 { notes.add(.hashPolicy, "the first of \(policies.count) policies") }
    switch policy.policySpecifier {
    case .header(let header) where !header.hasRegexRewrite:
      if RequestVariable.isToken(header.headerName) { return .header(header.headerName.lowercased()) }
      if header.headerName == ":path" { return .variable("request_uri") }
      if header.headerName == ":authority" { return .variable("host") }
    case .cookie(let cookie) where RequestVariable.isToken(cookie.name):
      notes.unread(cookie)
      if cookie.hasTtl { notes.add(.hashPolicyKind, "no cookie is made for clients that have none") }
      return .cookie(cookie.name)
    case .connectionProperties(let properties) where properties.sourceIp: return .variable("remote_addr")
    case .queryParameter(let parameter) where RequestVariable.isToken(parameter.name):
      return .variable("arg_" + parameter.name)
    default: break
    }
    notes.add(.hashPolicyKind)
    return .variable("remote_addr")
  }

  mutating func mirror(_ policies: [Action.RequestMirrorPolicy], clusters directory: some ClusterDirectory) {
    let policies = policies.filter { !$0.hasRuntimeFraction || !Fraction($0.runtimeFraction.defaultValue).isNone }
    if policies.count > 1 { notes.add(.manyMirrors) }
    guard let policy = policies.first else { return }
    notes.unread(policy)
    guard policy.clusterHeader.isEmpty else { return notes.add(.manyMirrors, "cluster_header") }
    clusters.insert(policy.cluster)
    mirrors.insert(policy.cluster)
    guard let target = directory.mirrorTarget(of: policy.cluster) else {
      return notes.add(.mirror, "\(policy.cluster) has no endpoint yet, or none that is not to be verified")
    }
    notes.add(.mirror, policy.cluster)
    var settings: JSONObject = ["host": .string(target)]
    if policy.hasRuntimeFraction {
      let share = Fraction(policy.runtimeFraction.defaultValue)
      if !share.isAll { settings["sample_ratio"] = share.ratio }
    }
    plugins["proxy-mirror"] = .object(settings)
  }
}

extension UpstreamVariant {
  fileprivate init(like form: UpstreamVariant, cluster: String) {
    self.init(cluster: cluster)
    retries = form.retries
    retryTimeout = form.retryTimeout
    passesEndpointHost = form.passesEndpointHost
  }
}

extension Fraction {
  /// As proxy-mirror takes it, 0.00001 at least.
  fileprivate var ratio: JSONValue {
    let digits = String(1_000_000 + max(10, min(millionths, 1_000_000))).dropFirst()
    return JSONNumber(spelling: "0.\(digits)").map { .number($0) } ?? 1
  }
}
