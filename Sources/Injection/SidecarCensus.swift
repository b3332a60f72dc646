/// What has become of a Pod's sidecar; nil where there is no Pod to look at.
package struct SidecarChange: Sendable, Equatable {
  package var namespace: String
  package var before: PodSidecar?
  package var after: PodSidecar?

  package init(namespace: String, before: PodSidecar?, after: PodSidecar?) {
    self.namespace = namespace
    self.before = before
    self.after = after
  }
}

/// How many Pods are alike, namespace by namespace: as small as there are kinds of them, and told anew for labels and
/// configurations that change without a look at each Pod. A value.
package struct SidecarCensus: Sendable, Equatable {
  package struct Tally: Sendable, Equatable {
    package var current = 0
    package var missing = 0
    package var stale: [SidecarVerdict.StaleReason: Int] = [:]

    package init() {}
  }

  private var counts: [String: [PodSidecar: Int]] = [:]

  package init() {}

  package mutating func take(_ change: SidecarChange) {
    guard change.before != change.after else { return }
    if let before = change.before { add(-1, before, change.namespace) }
    if let after = change.after { add(1, after, change.namespace) }
  }

  private mutating func add(_ number: Int, _ sidecar: PodSidecar, _ namespace: String) {
    let count = counts[namespace]?[sidecar, default: 0] ?? 0
    counts[namespace, default: [:]][sidecar] = count + number > 0 ? count + number : nil
    if counts[namespace]?.isEmpty == true { counts[namespace] = nil }
  }

  /// - Parameter namespace: what is known of one; nil for nothing.
  package func tally(_ expected: SidecarExpectation, namespace: (String) -> NamespaceMetadata?) -> Tally {
    var tally = Tally()
    for (name, kinds) in counts {
      let metadata = namespace(name) ?? NamespaceMetadata(name: name)
      for (sidecar, count) in kinds {
        switch sidecar.verdict(in: metadata, expected) {
        case .notWanted: break
        case .current: tally.current += count
        case .missing: tally.missing += count
        case .stale(let reason): tally.stale[reason, default: 0] += count
        }
      }
    }
    return tally
  }
}
