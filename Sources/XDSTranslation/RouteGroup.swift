import EnvoyConfig
import KubernetesObjects

/// A virtual host under the listeners that take it.
struct HostKey: Sendable, Hashable {
  let group: String
  let name: String
  /// Of hosts with the same name, which Envoy would refuse.
  let occurrence: Int

  /// What goes into the identifiers of its objects.
  var scope: String { occurrence == 0 ? group : "\(group) \(occurrence)" }
}

struct HostUnit: Sendable {
  var message = Envoy_Config_Route_V3_VirtualHost()
  var translation = VirtualHostTranslation()
}

/// Listeners that share routes and settings.
struct RouteGroup: Sendable {
  let source: ListenerTranslation.Routes
  let listeners: [String]
  let requiresTLS: Bool
  let settings: ConnectionSettings
  private(set) var frame: RouteConfigurationFrame?
  private(set) var notes: Set<Note> = []
  var hosts: Set<HostKey> = []

  init(_ entry: ListenerTranslation.Entry, listeners: [String]) {
    source = entry.routes
    requiresTLS = entry.requiresTLS
    settings = entry.settings
    self.listeners = listeners
  }

  /// Whether the listeners are the same and say the same.
  func isLike(_ other: RouteGroup) -> Bool {
    source == other.source && listeners == other.listeners && requiresTLS == other.requiresTLS
      && settings == other.settings
  }

  mutating func setFrame(_ frame: RouteConfigurationFrame?) {
    self.frame = frame
    var notes = Notes("route configuration \(frame?.message.name ?? "")")
    if let frame {
      notes.unread(frame.message)
      if frame.message.hasVhds { notes.add(.onDemandHosts) }
    }
    self.notes = notes.notes
  }

  func context(label: String, options: TranslationOptions) -> RouteContext? {
    frame.map { frame in
      RouteContext(
        listeners: listeners,
        requiresTLS: requiresTLS,
        settings: settings,
        group: label,
        configuration: frame,
        options: options
      )
    }
  }
}

/// All listeners of a sidecar together.
struct ListenerGrouping {
  private(set) var groups: [String: RouteGroup] = [:]
  private(set) var notes: Set<Note> = []
  /// Tells the plugin which listeners there are.
  let metadata: APISIXObject

  private struct Sharing: Hashable {
    let configuration: String
    let requiresTLS: Bool
    let settings: ConnectionSettings
  }

  init(_ listeners: [String: ListenerTranslation]) {
    var taken: Set<String> = []
    var paths = JSONObject()
    var shared: [Sharing: [ListenerTranslation.Entry]] = [:]
    for (name, listener) in listeners.sorted(by: { $0.key < $1.key }) {
      for entry in listener.entries {
        guard taken.insert(entry.key).inserted else {
          var repeated = Notes("listener \(name)")
          repeated.add(.chainMatch, "another listener has \(entry.key)")
          notes.formUnion(repeated.notes)
          continue
        }
        paths[entry.key] = entry.settings.paths.value
        switch entry.routes {
        case .inline: groups[entry.key] = RouteGroup(entry, listeners: [entry.key])
        case .named(let configuration):
          let sharing = Sharing(
            configuration: configuration,
            requiresTLS: entry.requiresTLS,
            settings: entry.settings
          )
          shared[sharing, default: []].append(entry)
        }
      }
    }
    for (sharing, entries) in shared {
      let keys = entries.map(\.key).sorted()
      if let first = entries.first {
        groups["\(sharing.configuration)@\(keys.joined(separator: ","))"] = RouteGroup(first, listeners: keys)
      }
    }
    var told: JSONObject = ["listeners": .array(taken.sorted().map { .string($0) })]
    if !paths.isEmpty { told["paths"] = .object(paths) }
    metadata = APISIXObject(.pluginMetadata, id: SidecarPlugin.name, origin: "listeners", told)
  }
}
