import EnvoyAPI
import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// Translates one route.
struct RouteTranslation {
  private typealias Weight = Envoy_Config_Route_V3_WeightedCluster.ClusterWeight

  private let route: Envoy_Config_Route_V3_Route
  private let host: Envoy_Config_Route_V3_VirtualHost
  private let context: RouteContext
  private let place: String
  var notes: Notes
  /// Of a stream of which the route says nothing.
  var idleTimeout: Milliseconds { context.settings.idleTimeout ?? Milliseconds(count: 0) }
  /// Of clusters that become no upstream.
  var clusterNotes: Set<Note> = []
  var upstreams: Set<UpstreamVariant> = []
  var clusters: Set<String> = []
  var mirrors: Set<String> = []
  var plugins = JSONObject()
  var members = JSONObject()

  init(
    _ route: Envoy_Config_Route_V3_Route,
    of host: Envoy_Config_Route_V3_VirtualHost,
    in context: RouteContext,
    place: String
  ) {
    self.route = route
    self.host = host
    self.context = context
    self.place = place
    notes = Notes(place)
  }

  /// Routes, of which the first that matches is taken; none if no request is to take any.
  mutating func translate(clusters directory: some ClusterDirectory) -> [TranslatedRoute] {
    guard let match = RouteMatchTranslation(route.match, notes: &notes), !match.isImpossible else { return [] }
    notes.unread(route)
    if let filter = context.settings.guardingFilter {
      forbid(filter)
    } else if host.requireTls == .all, !context.requiresTLS {
      let target = "$" + SidecarPlugin.pathVariable + "$" + SidecarPlugin.queryVariable
      plugins["redirect"] = ["ret_code": 301, "uri": .string("https://$host" + target)]
    } else if case .route(let action) = route.action, let shares = ClusterShare.shares(of: action, clusters: directory)
    {
      notes.unread(action.weightedClusters)
      // Of what they are, the shares depend, however small.
      clusters.formUnion(action.weightedClusters.clusters.map(\.name))
      return shares.map { share in
        (plugins, members) = (JSONObject(), JSONObject())
        notes.unread(share.cluster)
        act(of: share.cluster, clusters: directory)
        var conditions = match.expression
        conditions.add(share.condition)
        return translated(conditions, origin: "\(place) to \(share.cluster.name)")
      }
    } else {
      act(clusters: directory)
    }
    return [translated(match.expression, origin: place)]
  }

  private func translated(_ conditions: Expression, origin: String) -> TranslatedRoute {
    var members = members
    if !plugins.isEmpty { members["plugins"] = .object(plugins) }
    return TranslatedRoute(conditions: conditions, members: members, origin: origin)
  }

  /// - Parameter share: the one cluster that is meant, of weighted ones.
  private mutating func act(of share: Weight? = nil, clusters directory: some ClusterDirectory) {
    var overrides = FilterOverrides(context.settings)
    let frame = context.configuration.message
    if host.hasCors { overrides.apply(cors: host.cors, notes: &notes) }
    if case .route(let action) = route.action, action.hasCors { overrides.apply(cors: action.cors, notes: &notes) }
    overrides.apply(frame.typedPerFilterConfig, notes: &notes)
    overrides.apply(host.typedPerFilterConfig, notes: &notes)
    overrides.apply(route.typedPerFilterConfig, notes: &notes)
    if let share { overrides.apply(share.typedPerFilterConfig, notes: &notes) }
    if let filter = overrides.guardingFilter { return forbid(filter) }
    overrides.addPlugins(to: &plugins, notes: &notes)

    var rewrite = ProxyRewrite()
    var response = HeaderChanges(.response)
    changeHeaders(&rewrite.headers, &response, of: share)
    switch route.action {
    case .route(let whole):
      let action = share.map { whole.only($0) } ?? whole
      rewrite.rewritePath(of: action, matched: route.match, notes: &notes)
      rewrite.rewriteHost(of: action, notes: &notes)
      rewrite.add(to: &plugins)
      if context.settings.allowsWebSocket { members["enable_websocket"] = true }
      pass(action, retryPolicy: host.hasRetryPolicy ? host.retryPolicy : nil, clusters: directory)
      mirror(
        action.requestMirrorPolicies.isEmpty ? host.requestMirrorPolicies : action.requestMirrorPolicies,
        clusters: directory
      )
    case .redirect(let redirect): send(redirect)
    case .directResponse(let direct): respond(direct)
    case .filterAction, .nonForwardingAction, nil:
      notes.add(.otherAction)
      abort(404)
    }
    response.addResponseHeaders(to: &plugins)
  }

  /// The most specific level comes first, so that the most general has the last word; unless the configuration wants it
  /// the other way round.
  private mutating func changeHeaders(
    _ request: inout HeaderChanges,
    _ response: inout HeaderChanges,
    of share: Weight?
  ) {
    let frame = context.configuration.message
    var levels = [
      (
        route.requestHeadersToAdd, route.requestHeadersToRemove, route.responseHeadersToAdd,
        route.responseHeadersToRemove
      ),
      (host.requestHeadersToAdd, host.requestHeadersToRemove, host.responseHeadersToAdd, host.responseHeadersToRemove),
      (
        frame.requestHeadersToAdd, frame.requestHeadersToRemove, frame.responseHeadersToAdd,
        frame.responseHeadersToRemove
      ),
    ]
    if frame.mostSpecificHeaderMutationsWins { levels.reverse() }
    // A cluster's come first in either order (Envoy's WeightedClusterEntry).
    if let share {
      let own = (
        share.requestHeadersToAdd, share.requestHeadersToRemove, share.responseHeadersToAdd,
        share.responseHeadersToRemove
      )
      levels.insert(own, at: 0)
    }
    for level in levels {
      request.apply(adding: level.0, removing: level.1, notes: &notes)
      response.apply(adding: level.2, removing: level.3, notes: &notes)
    }
  }

  private mutating func send(_ redirect: Envoy_Config_Route_V3_RedirectAction) {
    var rewrite = ProxyRewrite()
    guard rewrite.rewritePath(of: redirect, matched: route.match, notes: &notes) else { return abort(503) }
    rewrite.add(to: &plugins)
    plugins["redirect"] = redirect.plugin(notes: &notes)
  }

  private mutating func respond(_ direct: Envoy_Config_Route_V3_DirectResponseAction) {
    notes.unread(direct)
    let body: String?
    switch direct.body.specifier {
    case .inlineString(let text): body = text
    case .inlineBytes(let bytes): body = String(validating: bytes, as: UTF8.self)
    case .filename, .environmentVariable:
      notes.add(.directResponse, "a body in a file or variable of Envoy's is left out")
      body = nil
    case nil: body = nil
    }
    if !(200...599).contains(direct.status) { notes.add(.responseStatus, "\(direct.status)") }
    abort((200...599).contains(direct.status) ? Int(direct.status) : 503, body: body)
  }

  /// Nothing may pass what would not be asked.
  private mutating func forbid(_ filter: String) { abort(403, body: "\(filter) is not enforced by this sidecar") }

  /// Answers in place of an upstream. A fault of the route comes first, as Envoy has it, but there is one plugin for both:
  /// its delay stays.
  mutating func abort(_ status: Int, body: String? = nil) {
    var answer: JSONObject = ["http_status": .number(JSONNumber(status))]
    if let body, !body.isEmpty { answer["body"] = .string(HeaderFormat.literal(body)) }
    var plugin: JSONObject = ["abort": .object(answer)]
    plugin["delay"] = plugins["fault-injection"]?["delay"]
    if plugins[SidecarPlugin.name]?["fault"] != nil {
      notes.add(.faultExtras, "what headers ask for, where the sidecar answers by itself")
    }
    plugins["fault-injection"] = .object(plugin)
  }

  /// The upstream of a use of a cluster, to be there before the route.
  mutating func use(_ variant: UpstreamVariant) -> String {
    upstreams.insert(variant)
    return variant.id
  }
}
