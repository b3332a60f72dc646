/// What a sidecar has to be: the control plane's of one revision.
package struct SidecarExpectation: Sendable, Hashable {
  package var revision: String
  package var controlPlaneNamespace: String
  /// Nil where it is not known: any is right then.
  package var version: String?
  /// Likewise.
  package var configHash: String?

  package init(revision: String, controlPlaneNamespace: String, version: String? = nil, configHash: String? = nil) {
    self.revision = revision
    self.controlPlaneNamespace = controlPlaneNamespace
    self.version = version
    self.configHash = configHash
  }
}

/// What a running Pod's sidecar is, compared with the one that it would get if it were created now.
package enum SidecarVerdict: Sendable, Hashable {
  /// Nothing asks for one, or not for this revision's.
  case notWanted
  case current
  /// The Pod is older than the wish, or was created past the webhook.
  case missing
  case stale(StaleReason)

  /// The first that applies. Raw values are labels of metrics.
  package enum StaleReason: String, Sendable, CaseIterable {
    /// Nothing tells what made it.
    case unmarked
    case revision
    case version
    case configuration
  }
}

extension PodSidecar {
  /// - Parameter namespace: with its labels; without them nothing is wanted of it.
  package func verdict(in namespace: NamespaceMetadata, _ expected: SidecarExpectation) -> SidecarVerdict {
    guard !MeshNames.systemNamespaces.contains(namespace.name), namespace.name != expected.controlPlaneNamespace,
      !isExempt, wish(in: namespace).reason(for: expected.revision).verdict == .injected
    else { return .notWanted }
    guard hasProxy else { return .missing }
    guard let mark else { return .stale(.unmarked) }
    if mark.revision != expected.revision { return .stale(.revision) }
    if let version = expected.version, mark.version != version { return .stale(.version) }
    if let hash = expected.configHash, mark.configHash != hash { return .stale(.configuration) }
    return .current
  }

  /// The revision whose control plane is asked for; nil where none is.
  package func wantedRevision(in namespace: NamespaceMetadata) -> String? {
    let asked = revision ?? namespace.labels?[MeshNames.revisionLabel] ?? "default"
    return !isExempt && wish(in: namespace).reason(for: asked).verdict == .injected ? asked : nil
  }

  private func wish(in namespace: NamespaceMetadata) -> LabelWish {
    let injection: LabelWish.Injection? =
      switch namespace.labels?[MeshNames.injectionLabel] {
      case "enabled": .enabled
      case "disabled": .disabled
      default: nil
      }
    var wish = LabelWish(namespace: injection, namespaceRevision: namespace.labels?[MeshNames.revisionLabel])
    wish.pod = inject
    wish.podRevision = revision
    return wish
  }
}
