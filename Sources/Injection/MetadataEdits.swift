import KubernetesObjects

/// Labels and annotations: what is added, and what the status has to remember of it.
struct MetadataEdits {
  private(set) var labels: [(name: String, value: String)] = []
  private(set) var annotations: [(name: String, value: String)] = []
  /// Annotations that an earlier pass has set and nobody wants any more.
  private(set) var unwanted: [String] = []
  private(set) var appMetrics: String?

  /// - Parameters:
  ///   - prior: the status that the Pod carries from an earlier pass, if any.
  ///   - status: gets the names of labels and annotations that are ours, and what they have replaced.
  init(
    pod: PodView,
    appContainers: [JSONView],
    workload: String?,
    prometheus: MeshSettings.Prometheus,
    prior: InjectionStatus?,
    status: inout InjectionStatus
  ) {
    func isMissing(_ label: String) -> Bool {
      let isMissing = pod.labels?[label] == nil
      if isMissing || prior?.labels.contains(label) == true { status.labels.append(label) }
      return isMissing
    }
    if isMissing(MeshNames.canonicalNameLabel) {
      labels.append((MeshNames.canonicalNameLabel, CanonicalService.name(of: pod, workload: workload)))
    }
    if isMissing(MeshNames.canonicalRevisionLabel) {
      labels.append((MeshNames.canonicalRevisionLabel, CanonicalService.revision(of: pod)))
    }

    let original = Original(pod: pod, prior: prior)
    let defaultContainer = MeshNames.defaultContainerAnnotation
    if pod.annotations?[defaultContainer] != nil {
      if prior?.annotations.contains(defaultContainer) == true { status.annotations.append(defaultContainer) }
    } else if let first = appContainers.first?["name"]?.string {
      annotations.append((defaultContainer, first))
      status.annotations.append(defaultContainer)
    }

    let scraping = Scraping(prometheus) { original.annotation($0) }
    appMetrics = scraping.appMetrics
    for (name, value) in scraping.wanted {
      if original.current(name) != value { annotations.append((name, value)) }
      switch original.annotation(name) {
      case nil: status.annotations.append(name)
      case value?: break
      case let before?:
        status.restore.append(.init(pointer: MetadataPointers.annotation(name), value: .string(before)))
      }
    }
    for name in Scraping.names where !scraping.wanted.contains(where: { $0.name == name }) {
      let before = original.annotation(name)
      if before == original.current(name) { continue }
      if let before { annotations.append((name, before)) } else { unwanted.append(name) }
    }
  }

  /// - Parameter status: the serialised status annotation.
  func write(to patch: inout PatchWriter, pod: PodView, status: String) {
    if pod.metadata == nil { patch.add("/metadata", Array("{}".utf8)) }
    write(labels, MetadataPointers.labels, isThere: pod.labels != nil, to: &patch)
    var annotations = annotations
    if pod.annotation(MeshNames.statusAnnotation) != status {
      annotations.append((MeshNames.statusAnnotation, status))
    }
    for name in unwanted { patch.remove(MetadataPointers.annotation(name)) }
    write(annotations, MetadataPointers.annotations, isThere: pod.annotations != nil, to: &patch)
  }

  private func write(
    _ members: [(name: String, value: String)],
    _ path: String,
    isThere: Bool,
    to patch: inout PatchWriter
  ) {
    if members.isEmpty { return }
    if isThere {
      for member in members { patch.add(MetadataPointers.pointer(path, member.name), member.value) }
    } else {
      var writer = JSONWriter(
        reservingCapacity: members.reduce(2) { $0 + $1.name.utf8.count + $1.value.utf8.count + 8 }
      )
      writer.object { writer in for member in members { writer.member(member.name, member.value) } }
      patch.add(path, writer.bytes)
    }
  }
}

/// The Pod's annotations for scraping as its author wrote them: what the status says of ours is believed only where the
/// Pod still bears the value that we set.
private struct Original {
  private let annotations: [(name: String, current: String?, original: String?)]

  init(pod: PodView, prior: InjectionStatus?) {
    annotations = Scraping.names.map { name in
      let current = pod.annotation(name)
      return (name, current, prior.map { Self.original(name, current, $0) } ?? current)
    }
  }

  func annotation(_ name: String) -> String? { annotations.first { $0.name == name }?.original }

  /// As the Pod has it now.
  func current(_ name: String) -> String? { annotations.first { $0.name == name }?.current }

  private static func original(_ name: String, _ current: String?, _ prior: InjectionStatus) -> String? {
    guard current == Scraping.values[name] else { return current }
    if prior.annotations.contains(name) { return nil }
    return prior.restore.first { $0.pointer == MetadataPointers.annotation(name) }?.value.string ?? current
  }
}
