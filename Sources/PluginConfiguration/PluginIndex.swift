/// Which Pods have which set, kept as configs and Pods change. Incremental: of a namespace, Pods with the same labels are
/// worked out once, and only where something of theirs has changed.
package struct PluginIndex: Sendable {
  package struct Pod: Sendable, Hashable {
    package var namespace: String
    package var name: String

    package init(namespace: String, name: String) {
      self.namespace = namespace
      self.name = name
    }
  }

  /// Pods of a namespace that are alike.
  private struct Kind: Sendable {
    var pods: Set<String> = []
    /// Configs that select them; the one that is asked first comes first.
    private(set) var configs: [PluginConfig]
    private(set) var set: PluginSet

    init(_ configs: [PluginConfig]) {
      self.configs = configs
      set = PluginSet(ordered: configs)
    }

    /// One config has become another one, is new, or selects them no more.
    mutating func replace(_ key: PluginConfigKey, by config: PluginConfig?) {
      configs.removeAll { $0.key == key }
      if let config { configs.insert(inOrder: config) }
      set = PluginSet(ordered: configs)
    }
  }

  private struct Namespace: Sendable {
    private(set) var configs: [String: PluginConfig] = [:]
    /// The one that is asked first comes first: sorted once, not for each kind of Pod.
    private(set) var ordered: [PluginConfig] = []
    var labels: [String: [String: String]] = [:]
    var kinds: [[String: String]: Kind] = [:]

    var isEmpty: Bool { configs.isEmpty && labels.isEmpty }

    mutating func set(_ config: PluginConfig?, for name: String) {
      if configs[name] != nil { ordered.removeAll { $0.key.name == name } }
      configs[name] = config
      if let config { ordered.insert(inOrder: config) }
    }

    func kind(of labels: [String: String]) -> Kind { Kind(ordered.filter { $0.selects(labels) }) }
  }

  private var namespaces: [String: Namespace] = [:]

  package init() {}

  // MARK: What is known

  /// Nil for a Pod that is not known.
  package func set(of pod: Pod) -> PluginSet? {
    guard let namespace = namespaces[pod.namespace], let labels = namespace.labels[pod.name] else { return nil }
    return namespace.kinds[labels]?.set
  }

  package var configs: [PluginConfig] {
    namespaces.values.flatMap(\.configs.values).sorted { $0.key < $1.key }
  }

  package subscript(_ key: PluginConfigKey) -> PluginConfig? { namespaces[key.namespace]?.configs[key.name] }

  package var podCount: Int { namespaces.values.reduce(0) { $0 + $1.labels.count } }

  /// For each config that selects any: how many Pods.
  package var selected: [PluginConfigKey: Int] {
    var counts: [PluginConfigKey: Int] = [:]
    for kind in namespaces.values.lazy.flatMap(\.kinds.values) {
      for version in kind.set.versions { counts[version.key, default: 0] += kind.pods.count }
    }
    return counts
  }

  /// Between configs that select a Pod in common.
  package var conflicts: Set<PluginSet.Conflict> {
    namespaces.values.lazy.flatMap(\.kinds.values).reduce(into: []) { $0.formUnion($1.set.conflicts) }
  }

  // MARK: Changes

  /// Pods whose set is another one now.
  package struct Change: Sendable, Equatable {
    /// Who has to be told.
    package var changed: Set<Pod> = []
    /// To whom it reads the same: it comes of other configs, of which some have nothing to give.
    package var renewed: Set<Pod> = []

    mutating func formUnion(_ other: Change) {
      changed.formUnion(other.changed)
      renewed.formUnion(other.renewed)
    }
  }

  /// - Parameter config: nil where it is gone, or can't be applied.
  package mutating func set(_ config: PluginConfig?, for key: PluginConfigKey) -> Change {
    var namespace = namespaces[key.namespace] ?? Namespace()
    // Held twice, its kinds would be copied.
    namespaces[key.namespace] = nil
    defer { put(namespace, key.namespace) }
    let before = namespace.configs[key.name]
    guard before != config else { return Change() }
    namespace.set(config, for: key.name)
    var change = Change()
    for (labels, kind) in namespace.kinds {
      let now = config.flatMap { $0.selects(labels) ? $0 : nil }
      guard now != nil || before?.selects(labels) ?? false else { continue }
      namespace.kinds[labels]?.replace(key, by: now)
      guard let set = namespace.kinds[labels]?.set, set != kind.set else { continue }
      let pods = kind.pods.map { Pod(namespace: key.namespace, name: $0) }
      if set.revision == kind.set.revision { change.renewed.formUnion(pods) } else { change.changed.formUnion(pods) }
    }
    return change
  }

  /// - Parameter labels: nil where the Pod is gone.
  package mutating func set(_ labels: [String: String]?, for pod: Pod) -> Change {
    var namespace = namespaces[pod.namespace] ?? Namespace()
    namespaces[pod.namespace] = nil
    defer { put(namespace, pod.namespace) }
    let before = namespace.labels[pod.name]
    guard before != labels else { return Change() }
    var revision: String?
    if let before {
      revision = namespace.kinds[before]?.set.revision
      namespace.kinds[before]?.pods.remove(pod.name)
      if namespace.kinds[before]?.pods.isEmpty ?? false { namespace.kinds[before] = nil }
    }
    namespace.labels[pod.name] = labels
    guard let labels else { return Change(changed: [pod]) }
    if namespace.kinds[labels] == nil {
      namespace.kinds[labels] = namespace.kind(of: labels)
    }
    namespace.kinds[labels]?.pods.insert(pod.name)
    return namespace.kinds[labels]?.set.revision == revision ? Change(renewed: [pod]) : Change(changed: [pod])
  }

  private mutating func put(_ namespace: Namespace, _ name: String) {
    namespaces[name] = namespace.isEmpty ? nil : namespace
  }
}

extension [PluginConfig] {
  fileprivate mutating func insert(inOrder config: PluginConfig) {
    insert(config, at: firstIndex { config.precedes($0) } ?? endIndex)
  }
}
