import EnvoyConfig

/// Keeps APISIX's objects for what a control plane has said: changes of resources go in, changes of objects come out.
///
/// Pure, and incremental: what is done for a change follows what it touches, a virtual host, the uses of a cluster. The
/// objects are always those that the resources would give from scratch.
package struct Translator: Sendable {
  let options: TranslationOptions
  private var listeners: [String: ListenerTranslation] = [:]
  private var configurations: [String: Envoy_Config_Route_V3_RouteConfiguration] = [:]
  private var clusters = ClusterIndex()
  private var groups: [String: RouteGroup] = [:]
  private var hosts: [HostKey: HostUnit] = [:]
  private var hostsByCluster: [String: Set<HostKey>] = [:]
  private var hostsByMirror: [String: Set<HostKey>] = [:]
  private var uses: [UpstreamVariant: Int] = [:]
  private var variants: [String: Set<UpstreamVariant>] = [:]
  private var upstreamNotes: [UpstreamVariant: Set<Note>] = [:]
  private var authorities = AuthorityBook()
  private var listenerNotes: Set<Note> = []
  private var store = ObjectStore()

  /// The first changes tell the plugin which listeners there are, if none: an unknown dictionary may say otherwise.
  package init(options: TranslationOptions = TranslationOptions()) {
    self.options = options
    store.set(ListenerGrouping([:]).metadata)
    for object in authorities.takeChange() { store.set(object) }
  }

  /// All objects, what is referred to first.
  package var objects: [APISIXObject] { store.all }

  /// What is not done as Envoy would.
  package var findings: [Finding] {
    var notes = listenerNotes
    for listener in listeners.values { notes.formUnion(listener.notes) }
    for group in groups.values { notes.formUnion(group.notes) }
    for host in hosts.values { notes.formUnion(host.translation.notes) }
    for upstream in upstreamNotes.values { notes.formUnion(upstream) }
    return Finding.gathered(notes)
  }

  /// Route configurations that listeners refer to: what has to be subscribed to.
  package var wantedRouteConfigurations: Set<String> {
    Set(
      listeners.values.flatMap(\.entries).compactMap { entry in
        if case .named(let name) = entry.routes { name } else { nil }
      }
    )
  }

  /// Names by which the endpoints of EDS clusters have to be subscribed to.
  package var wantedAssignments: Set<String> { clusters.assignmentNames }

  /// Takes changes that belong together. Names that are both set and removed are removed.
  package mutating func apply(_ changes: ResourceChanges) -> ObjectChanges {
    let changed = clusters.apply(changes.clusters, changes.endpoints)
    var stale: Set<HostKey> = []
    for name in changed.summaries { stale.formUnion(hostsByCluster[name] ?? []) }
    for name in changed.mirrorTargets { stale.formUnion(hostsByMirror[name] ?? []) }

    for listener in changes.listeners.set { listeners[listener.name] = ListenerTranslation(listener) }
    for name in changes.listeners.removed { listeners[name] = nil }
    for configuration in changes.routes.set { configurations[configuration.name] = configuration }
    for name in changes.routes.removed { configurations[name] = nil }

    var staleGroups = changes.listeners.isEmpty ? [] : regroup()
    let changedNames = Set(changes.routes.set.map(\.name)).union(changes.routes.removed)
    if !changedNames.isEmpty {
      for (label, group) in groups {
        if case .named(let name) = group.source, changedNames.contains(name) { staleGroups.insert(label) }
      }
    }
    for label in staleGroups { stale.formUnion(refresh(label)) }

    var newVariants: Set<UpstreamVariant> = []
    for key in stale { newVariants.formUnion(retranslate(key)) }
    for name in changed.all { newVariants.formUnion(variants[name] ?? []) }
    for variant in newVariants { refresh(variant) }
    for object in authorities.takeChange() { store.set(object) }
    return store.takeChanges()
  }

  // MARK: Listeners

  /// Brings groups in line with listeners.
  ///
  /// - Returns: groups that are new.
  private mutating func regroup() -> Set<String> {
    let grouping = ListenerGrouping(listeners)
    listenerNotes = grouping.notes
    for label in groups.keys where grouping.groups[label] == nil {
      for key in groups[label]?.hosts ?? [] { remove(key) }
      groups[label] = nil
    }
    var new: Set<String> = []
    for (label, group) in grouping.groups {
      // Settings, or an inline configuration, may be others under the same label.
      if groups[label]?.isLike(group) ?? false { continue }
      let hosts = groups[label]?.hosts ?? []
      groups[label] = group
      groups[label]?.hosts = hosts
      new.insert(label)
    }
    store.set(grouping.metadata)
    return new
  }

  /// Brings the virtual hosts of a group in line with its configuration.
  ///
  /// - Returns: hosts to be translated anew.
  private mutating func refresh(_ label: String) -> Set<HostKey> {
    guard var group = groups[label] else { return [] }
    let configuration: Envoy_Config_Route_V3_RouteConfiguration? =
      switch group.source {
      case .inline(let configuration): configuration
      case .named(let name): configurations[name]
      }
    let frame = configuration.map { RouteConfigurationFrame($0) }
    let isNewFrame = group.frame != frame
    group.setFrame(frame)
    var occurrences: [String: Int] = [:]
    var present: Set<HostKey> = []
    var stale: Set<HostKey> = []
    for host in configuration?.virtualHosts ?? [] {
      let occurrence = occurrences[host.name, default: 0]
      occurrences[host.name] = occurrence + 1
      let key = HostKey(group: label, name: host.name, occurrence: occurrence)
      present.insert(key)
      if isNewFrame || hosts[key]?.message != host {
        hosts[key, default: HostUnit()].message = host
        stale.insert(key)
      }
    }
    for key in group.hosts.subtracting(present) { remove(key) }
    group.hosts = present
    groups[label] = group
    return stale
  }

  // MARK: Virtual hosts

  /// - Returns: uses of clusters that are new.
  private mutating func retranslate(_ key: HostKey) -> Set<UpstreamVariant> {
    guard let unit = hosts[key], let context = groups[key.group]?.context(label: key.scope, options: options) else {
      return []
    }
    let translation = VirtualHostTranslation(unit.message, in: context, clusters: clusters)
    var new: Set<UpstreamVariant> = []
    for variant in translation.upstreams where retain(variant) { new.insert(variant) }
    unindex(key, unit.translation)
    for object in translation.objects { store.set(object) }
    let kept = Set(translation.objects.map(\.key))
    for object in unit.translation.objects where !kept.contains(object.key) { store.remove(object.key) }
    for name in translation.clusters { hostsByCluster[name, default: []].insert(key) }
    for name in translation.mirrors { hostsByMirror[name, default: []].insert(key) }
    hosts[key]?.translation = translation
    return new
  }

  private mutating func remove(_ key: HostKey) {
    guard let unit = hosts.removeValue(forKey: key) else { return }
    unindex(key, unit.translation)
    for object in unit.translation.objects { store.remove(object.key) }
  }

  private mutating func unindex(_ key: HostKey, _ translation: VirtualHostTranslation) {
    for variant in translation.upstreams { release(variant) }
    for name in translation.clusters { hostsByCluster.remove(key, from: name) }
    for name in translation.mirrors { hostsByMirror.remove(key, from: name) }
  }

  // MARK: Upstreams

  /// - Returns: whether it was not in use.
  private mutating func retain(_ variant: UpstreamVariant) -> Bool {
    uses[variant, default: 0] += 1
    variants[variant.cluster, default: []].insert(variant)
    return uses[variant] == 1
  }

  private mutating func release(_ variant: UpstreamVariant) {
    let count = uses[variant] ?? 0
    guard count <= 1 else {
      uses[variant] = count - 1
      return
    }
    uses[variant] = nil
    upstreamNotes[variant] = nil
    variants.remove(variant, from: variant.cluster)
    authorities.set(nil, for: variant.id)
    store.remove(APISIXObject.Key(kind: .upstreams, id: variant.id))
  }

  private mutating func refresh(_ variant: UpstreamVariant) {
    guard uses[variant] != nil else { return }
    let translation = UpstreamTranslation(variant, of: clusters.state(of: variant.cluster))
    upstreamNotes[variant] = translation.notes
    store.set(translation.object)
    authorities.set(translation.authorities, for: variant.id)
  }
}

extension Dictionary where Key == String {
  fileprivate mutating func remove<Element>(_ element: Element, from key: String) where Value == Set<Element> {
    self[key]?.remove(element)
    if self[key]?.isEmpty ?? false { self[key] = nil }
  }
}
