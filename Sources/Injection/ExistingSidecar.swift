import KubernetesObjects

/// What a Pod already has of the sidecar, from an earlier pass, a copy, or a user who took a name of ours.
struct ExistingSidecar {
  let prior: InjectionStatus?
  /// Positions of containers with a name of ours.
  let containers: [Int]
  let initContainers: [Int]
  /// `AMESH_APP_PROBES` of the sidecar that is there.
  let recordedProbes: JSONDocument?

  let recognition: Recognition

  /// - Parameter configurationHash: of the configuration in force.
  init(_ pod: PodView, configurationHash: String) {
    let prior = pod.annotation(MeshNames.statusAnnotation).flatMap(InjectionStatus.init(annotation:))
    self.prior = prior
    // The same configuration has wished for the same image, so another one has been put there since. Who forges the
    // status gains nothing over the annotations that choose images.
    recognition = Recognition(allowsOtherImage: !configurationHash.isEmpty && prior?.configHash == configurationHash)
    containers = Self.positions(pod.containers)
    initContainers = Self.positions(pod.initContainers)
    let all = containers.map { pod.containers[$0] } + initContainers.map { pod.initContainers[$0] }
    let proxy = all.first { $0.has("name", MeshNames.proxyContainer) }
    recordedProbes = proxy.flatMap { Self.environment($0, AppProbes.variable) }
      .flatMap { try? JSONDocument(parsing: Array($0.utf8)) }
  }

  var isEmpty: Bool { containers.isEmpty && initContainers.isEmpty }

  /// A user's container or volume under a name of ours is refused: replacing it would lose the user's work, keeping it
  /// would leave the Pod without its sidecar. One that an injector made, whatever has become of it since, is replaced.
  func checkReservedNames(_ pod: PodView, desired: (String) -> [UInt8]?) throws(Denial) {
    let all = containers.map { pod.containers[$0] } + initContainers.map { pod.initContainers[$0] }
    for container in all {
      guard let name = container.string(of: "name") else { continue }
      let listed = prior.map { $0.containers.contains(name) || $0.initContainers.contains(name) } ?? false
      guard !listed, !Self.bearsOurMarks(container) else { continue }
      if let json = desired(name), recognition.matches(container, json) { continue }
      throw Self.reserved("container", name)
    }
    guard isEmpty, let volumes = pod.spec?["volumes"], volumes.kind == .array else { return }
    for volume in volumes.elements {
      guard let view = volume["name"], view.hasPrefix("amesh-"), let name = view.string,
        MeshNames.volumes.contains(name), let json = desired(name)
      else { continue }
      guard prior?.volumes.contains(name) == true || recognition.matches(volume, json) else {
        throw Self.reserved("volume", name)
      }
    }
  }

  private static func reserved(_ kind: String, _ name: String) -> Denial {
    Denial(
      reason: .reservedName,
      message:
        "the name \(name) is reserved for the mesh; rename this \(kind), or remove it if it is a left-over sidecar"
    )
  }

  /// What every injector of ours has written into these containers and nobody else would.
  private static func bearsOurMarks(_ container: JSONView) -> Bool {
    if container.has("name", MeshNames.initContainer) {
      return container["args"]?[0]?.equals("redirect") == true
    }
    return environment(container, SidecarEnvironment.trustDomain) != nil
  }

  private static func positions(_ list: [JSONView]) -> [Int] {
    list.indices.filter { hasNameOfOurs(list[$0]) }
  }

  static func hasNameOfOurs(_ container: JSONView) -> Bool {
    guard let name = container["name"], name.hasPrefix("amesh-") else { return false }
    return name.equals(MeshNames.initContainer) || name.equals(MeshNames.proxyContainer)
  }

  private static func environment(_ container: JSONView, _ name: String) -> String? {
    guard let list = container["env"], list.kind == .array else { return nil }
    return list.elements.first { $0.has("name", name) }?.string(of: "value")
  }
}
