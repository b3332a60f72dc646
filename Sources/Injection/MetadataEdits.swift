import KubernetesObjects

/// Labels and annotations: what is added, and what the status has to remember of it.
struct MetadataEdits {
  private(set) var labels: [(key: MetadataKey, value: String)] = []
  private(set) var annotations: [(key: MetadataKey, value: String)] = []
  /// Annotations that an earlier pass has set and nobody wants any more.
  private(set) var unwanted: [MetadataKey] = []
  private(set) var appMetrics: [UInt8]?

  /// - Parameters:
  ///   - prior: the status that the Pod carries from an earlier pass, if any.
  ///   - status: gets the names of labels and annotations that are ours, and what they have replaced.
  init(
    pod: PodView,
    firstApp: JSONView?,
    workload: String?,
    prometheus: MeshSettings.Prometheus,
    prior: InjectionStatus?,
    status: inout InjectionStatus
  ) {
    labels.reserveCapacity(2)
    annotations.reserveCapacity(MetadataKey.allCases.count)
    status.labels.reserveCapacity(2)
    status.annotations.reserveCapacity(MetadataKey.allCases.count)
    func isMissing(_ label: String) -> Bool {
      let isMissing = pod.labels?.has(label) != true
      if isMissing || prior?.labels.contains(label) == true { status.labels.append(label) }
      return isMissing
    }
    if isMissing(MeshNames.canonicalNameLabel) {
      labels.append((.canonicalName, CanonicalService.name(of: pod, workload: workload)))
    }
    if isMissing(MeshNames.canonicalRevisionLabel) {
      labels.append((.canonicalRevision, CanonicalService.revision(of: pod)))
    }

    let original = Original(pod: pod, prior: prior)
    let defaultContainer = MeshNames.defaultContainerAnnotation
    if pod.annotations?.has(defaultContainer) == true {
      if prior?.annotations.contains(defaultContainer) == true { status.annotations.append(defaultContainer) }
    } else if let first = firstApp?.string(of: "name") {
      annotations.append((.defaultContainer, first))
      status.annotations.append(defaultContainer)
    }

    let scraping = Scraping(prometheus) { original[$0].original }
    appMetrics = scraping.appMetrics
    for annotation in scraping.wanted {
      let value = annotation.value
      if original[annotation].current != value { annotations.append((annotation.key, value)) }
      switch original[annotation].original {
      case nil: status.annotations.append(annotation.key.name)
      case value?: break
      case let before?: status.restore.append(.init(pointer: annotation.key.pointer, value: .string(before)))
      }
    }
    for annotation in ScrapeAnnotation.allCases where !scraping.wanted.contains(annotation) {
      let before = original[annotation].original
      if before == original[annotation].current { continue }
      if let before { annotations.append((annotation.key, before)) } else { unwanted.append(annotation.key) }
    }
  }

  /// - Parameter status: the serialised status annotation.
  mutating func write(to patch: inout PatchWriter, pod: PodView, status: String) {
    if pod.metadata == nil { patch.add("/metadata", Array("{}".utf8)) }
    write(labels, MetadataPointers.labels, isThere: pod.labels != nil, to: &patch)
    if pod.annotation(MeshNames.statusAnnotation) != status {
      annotations.append((.status, status))
    }
    for key in unwanted { patch.remove(key.pointer) }
    write(annotations, MetadataPointers.annotations, isThere: pod.annotations != nil, to: &patch)
  }

  private func write(
    _ members: [(key: MetadataKey, value: String)],
    _ path: String,
    isThere: Bool,
    to patch: inout PatchWriter
  ) {
    if members.isEmpty { return }
    if isThere {
      for member in members { patch.add(member.key.pointer, member.value) }
    } else {
      patch.add(path) { writer in
        writer.beginObject()
        for member in members { writer.member(member.key.name, member.value) }
        writer.endObject()
      }
    }
  }
}

/// The Pod's annotations for scraping as its author wrote them: what the status says of ours is believed only where the
/// Pod still bears the value that we set.
private struct Original {
  struct Annotation {
    let original: String?
    /// As the Pod has it now.
    let current: String?
  }

  private let scrape: Annotation
  private let port: Annotation
  private let path: Annotation
  private let scheme: Annotation

  init(pod: PodView, prior: InjectionStatus?) {
    func annotation(_ annotation: ScrapeAnnotation) -> Annotation {
      let current = pod.annotation(annotation.key.name)
      return Annotation(
        original: prior.map { Self.original(annotation, current, $0) } ?? current,
        current: current
      )
    }
    scrape = annotation(.scrape)
    port = annotation(.port)
    path = annotation(.path)
    scheme = annotation(.scheme)
  }

  subscript(_ annotation: ScrapeAnnotation) -> Annotation {
    switch annotation {
    case .scrape: scrape
    case .port: port
    case .path: path
    case .scheme: scheme
    }
  }

  private static func original(
    _ annotation: ScrapeAnnotation,
    _ current: String?,
    _ prior: InjectionStatus
  ) -> String? {
    guard current == annotation.value else { return current }
    if prior.annotations.contains(annotation.key.name) { return nil }
    return prior.restore.first { $0.pointer == annotation.key.pointer }?.value.string ?? current
  }
}
