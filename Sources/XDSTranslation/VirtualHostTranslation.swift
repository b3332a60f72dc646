import EnvoyConfig
import KubernetesObjects
import SwiftProtobuf

/// Where a virtual host stands.
struct RouteContext: Sendable {
  /// The listeners that take it, as values of `amesh_listener`; sorted.
  let listeners: [String]
  /// Only what came in mutual TLS.
  let requiresTLS: Bool
  let settings: ConnectionSettings
  /// Tells these routes from those of other listeners.
  let group: String
  let configuration: RouteConfigurationFrame
  let options: TranslationOptions

  var portHandling: DomainGroup.PortHandling {
    if configuration.message.ignorePortInHostMatching || settings.ignoresAnyPort { return .ignored }
    // A key without a port takes connections to any, of which nothing is known here.
    let own = listeners.compactMap { $0.split(separator: ":").last }.filter { UInt32($0) != nil }.map(String.init)
    return settings.ignoresOwnPort ? .withoutOwn(Set(own)) : .compared
  }
}

/// What a route configuration says for all of its virtual hosts.
struct RouteConfigurationFrame: Sendable, Hashable {
  /// Without virtual hosts.
  let message: Envoy_Config_Route_V3_RouteConfiguration

  init(_ configuration: Envoy_Config_Route_V3_RouteConfiguration) {
    var message = configuration
    message.virtualHosts = []
    self.message = message
  }
}

/// What routes find out about clusters.
protocol ClusterDirectory {
  func summary(of cluster: String) -> ClusterSummary?
  /// `ADDRESS:PORT` and scheme of one endpoint to mirror to.
  func mirrorTarget(of cluster: String) -> String?
}

/// One virtual host as APISIX has it.
struct VirtualHostTranslation: Sendable {
  private(set) var objects: [APISIXObject] = []
  private(set) var notes: Set<Note> = []
  private(set) var upstreams: Set<UpstreamVariant> = []
  /// Clusters that are asked about, and those of them whose endpoints matter.
  private(set) var clusters: Set<String> = []
  private(set) var mirrors: Set<String> = []

  /// Nothing yet.
  init() {}

  init(_ host: Envoy_Config_Route_V3_VirtualHost, in context: RouteContext, clusters directory: some ClusterDirectory) {
    let frame = context.configuration.message
    let place = "virtual host \(host.name) of \(frame.name.isEmpty ? context.group : frame.name)"
    var notes = Notes(place)
    notes.unread(host)
    if host.requireTls == .externalOnly { notes.add(.externalTLS) }
    var routes: [TranslatedRoute] = []
    for (route, position) in zip(host.routes, host.routes.indices) {
      let name = route.name.isEmpty ? "\(position)" : "\(position) (\(route.name))"
      var translation = RouteTranslation(route, of: host, in: context, place: "route \(name) of \(place)")
      let translated = translation.translate(clusters: directory)
      self.notes.formUnion(translation.notes.notes)
      self.notes.formUnion(translation.clusterNotes)
      clusters.formUnion(translation.clusters)
      mirrors.formUnion(translation.mirrors)
      upstreams.formUnion(translation.upstreams)
      routes += translated
      // Envoy never looks further than this.
      if translated.last?.conditions.isEmpty ?? false { break }
    }
    for group in DomainGroup.groups(of: host.domains, ports: context.portHandling, notes: &notes) {
      emit(routes, for: group, host: host, in: context, place: place)
    }
    self.notes.formUnion(notes.notes)
  }

  private mutating func emit(
    _ routes: [TranslatedRoute],
    for group: DomainGroup,
    host: Envoy_Config_Route_V3_VirtualHost,
    in context: RouteContext,
    place: String
  ) {
    var routes = routes
    // A host that is found does not look further, even if none of its routes matches.
    if group.hosts != .any, !(routes.last?.conditions.isEmpty ?? false) { routes.append(.notFound(place)) }
    let key = [context.group, host.name, group.label]
    var hosts: JSONObject = [:]
    if case .named(let names) = group.hosts {
      if routes.count > 1 {
        let id = ObjectID.of(["service"] + key)
        objects.append(
          APISIXObject(.services, id: id, origin: place, ["hosts": .array(names.map { .string($0) })])
        )
        hosts["service_id"] = .string(id)
      } else if names.count == 1, let only = names.first {
        hosts["host"] = .string(only)
      } else {
        hosts["hosts"] = .array(names.map { .string($0) })
      }
    }
    var shared = Expression.isOneOf(SidecarPlugin.listenerVariable, context.listeners)
    if context.requiresTLS { shared.add(.equals("server_port", String(context.options.mutualTLSPort))) }
    shared.add(group.condition)
    for (route, position) in zip(routes, routes.indices) {
      var members = hosts
      members["uri"] = "/*"
      // Priorities are all different, since APISIX's order among equal ones is nobody's.
      let priority = group.basePriority + routes.count - 1 - position
      if priority != 0 { members["priority"] = .number(JSONNumber(priority)) }
      var conditions = shared
      conditions.add(route.conditions)
      members["vars"] = conditions.value
      for (name, value) in route.members { members[name] = value }
      let id = ObjectID.of(["route"] + key + [String(position)])
      objects.append(APISIXObject(.routes, id: id, origin: route.origin, members))
    }
  }
}

/// A route without what its virtual host adds.
struct TranslatedRoute: Sendable {
  let conditions: Expression
  let members: JSONObject
  let origin: String

  static func notFound(_ place: String) -> TranslatedRoute {
    TranslatedRoute(
      conditions: Expression(),
      members: ["plugins": ["fault-injection": ["abort": ["http_status": 404]]]],
      origin: "no route of \(place)"
    )
  }
}
