package import KubernetesObjects

/// An `AmeshPluginConfig`: plugins of APISIX, and on which routes of whose sidecars they run.
package struct PluginConfig: Sendable, Equatable {
  package static let apiVersion = "apisix.apache.org/v1alpha1"
  package static let kind = "AmeshPluginConfig"

  package var key: PluginConfigKey
  package var uid: String
  /// Counts the changes of the spec. Not the resourceVersion: our own writing of the status changes that.
  package var generation: Int
  /// As the API server writes it, whose order as text is that of time.
  package var created: String
  /// The higher one wins where two configs have the same plugin for a route.
  package var priority: Int
  /// Nil and an empty one both mean every Pod of the config's namespace.
  package var selector: LabelSelector?
  /// Any of them; where there is none, every route.
  package var targets: [PluginTarget]
  package var plugins: [PluginEntry]

  package init(
    key: PluginConfigKey,
    uid: String = "",
    generation: Int = 1,
    created: String = "",
    priority: Int = 0,
    selector: LabelSelector? = nil,
    targets: [PluginTarget] = [],
    plugins: [PluginEntry]
  ) {
    self.key = key
    self.uid = uid
    self.generation = generation
    self.created = created
    self.priority = priority
    self.selector = selector
    self.targets = targets
    self.plugins = plugins
  }

  /// Which state of the config this is: the same at every replica, and another for another object of the same name.
  package var version: String { "\(uid.isEmpty ? key.description : uid)/\(generation)" }

  package func selects(_ labels: [String: String]) -> Bool { selector?.matches { labels[$0] } ?? true }

  /// Whether this config is asked before another: by priority; then the older one, so that whoever comes later changes
  /// nothing for those who were there; then, of one and the same second, by name.
  package func precedes(_ other: PluginConfig) -> Bool {
    if priority != other.priority { return priority > other.priority }
    if created != other.created { return created < other.created }
    return key < other.key
  }
}

package struct PluginConfigKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var namespace: String
  package var name: String

  package init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
  }

  package var description: String { "\(namespace)/\(name)" }

  package static func < (one: Self, other: Self) -> Bool {
    (one.namespace, one.name) < (other.namespace, other.name)
  }
}

/// One plugin with its configuration.
package struct PluginEntry: Sendable, Hashable {
  /// `type` of the API.
  package enum Phase: String, Sendable, Hashable, CaseIterable {
    /// A plugin of APISIX on the route.
    case route = ""
    /// One of the plugin runner's, before and after APISIX's own.
    case preRequest = "pre-req"
    case postRequest = "post-req"
  }

  /// What there is once on a route.
  package struct Key: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var phase: Phase
    package var name: String

    package init(_ phase: Phase, _ name: String) {
      self.phase = phase
      self.name = name
    }

    package var description: String { phase == .route ? name : "\(name) (\(phase.rawValue))" }

    package static func < (one: Key, other: Key) -> Bool {
      (one.phase.rawValue, one.name) < (other.phase.rawValue, other.name)
    }
  }

  package var key: Key
  /// An object for a plugin of APISIX; for the runner's a string, which is theirs to read.
  package var config: JSONValue

  package init(_ phase: Phase, _ name: String, _ config: JSONValue) {
    key = Key(phase, name)
    self.config = config
  }

  package init(_ name: String, _ config: JSONValue) { self.init(.route, name, config) }

  /// As the stream carries it.
  package var text: String { config.string ?? String(decoding: config.serialized(), as: UTF8.self) }
}
