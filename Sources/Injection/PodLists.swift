import KubernetesObjects

/// The lists of a Pod that injection adds to.
struct PodLists {
  let containers: ListEdits
  let initContainers: ListEdits
  private let volumes: JSONView?
  private let pullSecrets: JSONView?

  init(pod: PodView, existing: ExistingSidecar) {
    func list(_ key: StaticString) -> JSONView? {
      guard let view = pod.spec?[key], view.kind == .array else { return nil }
      return view
    }
    containers = ListEdits(
      path: "/spec/containers",
      existing: pod.containers,
      isThere: pod.spec?.kind(of: "containers") == .array,
      ours: existing.containers,
      recognition: existing.recognition
    )
    initContainers = ListEdits(
      path: "/spec/initContainers",
      existing: pod.initContainers,
      isThere: pod.spec?.kind(of: "initContainers") == .array,
      ours: existing.initContainers,
      recognition: existing.recognition
    )
    volumes = list("volumes")
    pullSecrets = list("imagePullSecrets")
  }

  /// The order of volumes has no meaning, so ours go last and are replaced where they stand.
  ///
  /// - Returns: the names that are in the list because of us.
  func writeVolumes(
    _ wanted: MeshVolumes,
    _ existing: ExistingSidecar,
    to patch: inout PatchWriter
  ) -> [String] {
    guard let volumes else {
      patch.add("/spec/volumes") { writer in
        writer.array { writer in for volume in wanted.volumes { writer.raw(volume.json) } }
      }
      return wanted.names
    }
    let hasOurs = volumes.elements.contains { volume in
      guard let name = volume["name"], name.hasPrefix("amesh-") else { return false }
      return wanted.volumes.contains { name.equals($0.name) }
    }
    guard hasOurs else {
      patch.append(wanted.additions)
      return wanted.names
    }
    var ours: [String] = []
    for volume in wanted.volumes {
      if let (index, found) = volumes.elements.enumerated().first(where: { $1.has("name", volume.name) }) {
        if !existing.recognition.matches(found, volume.json) { patch.replace("/spec/volumes/\(index)", volume.json) }
        // A user may have added just the same; beside a sidecar without status (a copy of a Pod) it is the sidecar's.
        let isOurs = existing.prior.map { $0.volumes.contains(volume.name) } ?? !existing.isEmpty
        if isOurs { ours.append(volume.name) }
      } else {
        patch.add("/spec/volumes/-", volume.json)
        ours.append(volume.name)
      }
    }
    return ours
  }

  /// - Returns: the names that are in the list because of us.
  func writePullSecrets(_ wanted: [String], prior: InjectionStatus?, to patch: inout PatchWriter) -> [String] {
    func isThere(_ name: String) -> Bool {
      pullSecrets?.elements.contains { $0.has("name", name) } ?? false
    }
    let missing = wanted.filter { !isThere($0) }
    func element(_ name: String) -> JSONValue { ["name": .string(name)] }
    if pullSecrets != nil {
      for name in missing { patch.add("/spec/imagePullSecrets/-", element(name).serialized()) }
    } else if !missing.isEmpty {
      patch.add("/spec/imagePullSecrets", JSONValue.array(missing.map(element)).serialized())
    }
    return wanted.filter { missing.contains($0) || prior?.imagePullSecrets.contains($0) == true }
  }
}

/// Maps and lists that the Pod did not have before injection, so that taking it back can take them away too.
struct CreatedLists {
  private enum Parent { case pod, metadata, spec }

  private static let pointers: [(pointer: String, parent: Parent, key: StaticString)] = [
    ("/metadata", .pod, "metadata"), ("/metadata/labels", .metadata, "labels"),
    ("/metadata/annotations", .metadata, "annotations"), ("/spec/initContainers", .spec, "initContainers"),
    ("/spec/containers", .spec, "containers"), ("/spec/volumes", .spec, "volumes"),
    ("/spec/imagePullSecrets", .spec, "imagePullSecrets"),
  ]

  private var created: [String] = []
  private var null: [String] = []

  init(pod: PodView, prior: InjectionStatus?) {
    created.reserveCapacity(Self.pointers.count)
    for (pointer, parent, key) in Self.pointers {
      let kind =
        switch parent {
        case .pod: pod.root.kind(of: key)
        case .metadata: pod.metadata?.kind(of: key)
        case .spec: pod.spec?.kind(of: key)
        }
      switch kind {
      case nil: created.append(pointer)
      case .null: null.append(pointer)
      default:
        // An earlier pass of ours found it absent, or null.
        if prior?.created.contains(pointer) == true { created.append(pointer) }
        if prior?.restore.contains(where: { $0.pointer == pointer && $0.value == .null }) == true {
          null.append(pointer)
        }
      }
    }
  }

  /// - Parameter status: says already what is ours in the Pod.
  func record(in status: inout InjectionStatus) {
    func isOurs(_ pointer: String) -> Bool {
      switch pointer {
      case "/metadata/labels": !status.labels.isEmpty
      case "/spec/containers": !status.containers.isEmpty
      case "/spec/imagePullSecrets": !status.imagePullSecrets.isEmpty
      default: true
      }
    }
    status.created = created.filter(isOurs)
    for pointer in null where isOurs(pointer) {
      status.restore.append(InjectionStatus.Restored(pointer: pointer, value: .null))
    }
  }
}
