package import KubernetesObjects

/// One object as APISIX takes it: what stands in its shared memory under `/KIND/ID`.
package struct APISIXObject: Sendable, Hashable {
  /// Kinds in the order in which they are written: what is referred to comes before what refers to it.
  package enum Kind: String, Sendable, Hashable, CaseIterable, Comparable {
    case pluginMetadata = "plugin_metadata"
    case upstreams
    case services
    case routes
    case globalRules = "global_rules"

    private var order: Int {
      switch self {
      case .pluginMetadata: 0
      case .upstreams: 1
      case .services: 2
      case .routes: 3
      case .globalRules: 4
      }
    }

    package static func < (one: Kind, other: Kind) -> Bool { one.order < other.order }
  }

  package struct Key: Sendable, Hashable, Comparable {
    package let kind: Kind
    package let id: String

    package init(kind: Kind, id: String) {
      self.kind = kind
      self.id = id
    }

    /// The kind is part of what identifiers are made of.
    package func hash(into hasher: inout Hasher) { hasher.combine(id) }

    /// The key in the shared dictionary.
    package var path: String { "/\(kind.rawValue)/\(id)" }

    package static func < (one: Key, other: Key) -> Bool {
      one.kind == other.kind ? one.id < other.id : one.kind < other.kind
    }
  }

  package let key: Key
  /// As the Admin API has it, with its id.
  package let value: JSONValue
  /// The xDS resource that it stands for, for people; APISIX does not see it.
  package let origin: String

  init(_ kind: Kind, id: String, origin: String, _ members: JSONObject) {
    key = Key(kind: kind, id: id)
    var object: JSONObject = ["id": .string(id)]
    for (name, value) in members { object[name] = value }
    value = .object(object)
    self.origin = origin
  }
}
