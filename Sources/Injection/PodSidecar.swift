package import KubernetesObjects

/// What tells of a running Pod whether it has the sidecar that it should have. Small, and the same for most Pods of a
/// namespace.
package struct PodSidecar: Sendable, Hashable {
  /// The Pod's own label; nil where it says neither true nor false.
  package var inject: Bool?
  /// The revision that the Pod names.
  package var revision: String?
  /// Nothing injects it, whatever asks for it.
  package var isExempt: Bool
  package var hasProxy: Bool
  /// What injection has noted on it.
  package var mark: SidecarMark?

  package init(
    inject: Bool? = nil,
    revision: String? = nil,
    isExempt: Bool = false,
    hasProxy: Bool = false,
    mark: SidecarMark? = nil
  ) {
    self.inject = inject
    self.revision = revision
    self.isExempt = isExempt
    self.hasProxy = hasProxy
    self.mark = mark
  }

  /// Reads a Pod; nil for one that has ended or is going.
  ///
  /// - Parameter neverInject: the mesh's selectors of Pods that it leaves alone.
  package init?(_ pod: JSONView, neverInject: [LabelSelector] = []) {
    let phase = pod["status"]?["phase"]
    guard pod["metadata"]?["deletionTimestamp"] == nil, phase?.equals("Succeeded") != true,
      phase?.equals("Failed") != true
    else { return nil }
    let view = PodView(pod)
    switch view.label(MeshNames.injectLabel) {
    case "true": inject = true
    case "false": inject = false
    default: break
    }
    revision = view.label(MeshNames.revisionLabel)
    isExempt =
      view.spec?.bool(of: "hostNetwork") == true || OperatingSystem.isWindows(view)
      || view.annotations?.has("kubernetes.io/config.mirror") == true
      || neverInject.contains { $0.matches(view.label) }
    hasProxy = (view.containers + view.initContainers).contains { $0.has("name", MeshNames.proxyContainer) }
    mark = view.annotation(MeshNames.statusAnnotation).flatMap(InjectionStatus.init(annotation:)).map(SidecarMark.init)
  }
}

/// By which control plane a sidecar was made, and from what.
package struct SidecarMark: Sendable, Hashable {
  /// Anyone may write the annotation: only so much of it is kept.
  private static let maximumCharacters = 64

  package var version: String
  package var revision: String
  package var configHash: String

  package init(version: String, revision: String, configHash: String) {
    self.version = version
    self.revision = revision
    self.configHash = configHash
  }

  init(_ status: InjectionStatus) {
    self.init(
      version: String(status.version.prefix(Self.maximumCharacters)),
      revision: String(status.revision.prefix(Self.maximumCharacters)),
      configHash: String(status.configHash.prefix(Self.maximumCharacters))
    )
  }
}
