import KubernetesObjects

/// The parts of the two containers that the mesh's settings determine, serialised once: all of them for a Pod that
/// changes no setting by annotation, which is nearly every Pod.
final class MeshFragments: Sendable {
  let settings: MeshSettings
  private let constants: Constants
  private let proxyFrames: [(shape: SidecarShape, frame: ContainerFrame)]
  private let initFrames: [(shape: SidecarShape, frame: ContainerFrame)]

  init(_ settings: MeshSettings) {
    let constants = Constants(settings)
    let pod = PodSettings(settings)
    let shapes = [true, false].flatMap { isNative in
      [false, true].map { SidecarShape(isNative: isNative, hasPodResources: $0, drain: settings.drain) }
    }
    self.settings = settings
    self.constants = constants
    proxyFrames = shapes.map { ($0, .proxy(pod, $0, constants)) }
    initFrames = shapes.map { ($0, .initContainer(pod, $0, settings)) }
  }

  func proxyFrame(_ pod: PodSettings, _ shape: SidecarShape) -> ContainerFrame {
    if !pod.isAnnotated, let found = proxyFrames.first(where: { $0.shape == shape }) { return found.frame }
    return .proxy(pod, shape, constants)
  }

  func initFrame(_ pod: PodSettings, _ shape: SidecarShape) -> ContainerFrame {
    if !pod.isAnnotated, let found = initFrames.first(where: { $0.shape == shape }) { return found.frame }
    return .initContainer(pod, shape, settings)
  }
}

/// What of one Pod decides about the containers, besides its annotations.
struct SidecarShape: Equatable {
  /// Whether `amesh-proxy` is an init container with `restartPolicy: Always`.
  var isNative: Bool
  /// Where the Pod has resources of its own, containers without any share them.
  var hasPodResources: Bool
  /// As the mesh has it, or shorter.
  var drain: MeshSettings.Drain
}

/// A container without the last elements of one of its lists: the text before and after them.
struct ContainerFrame {
  /// Ends in a list, after an element.
  var head: [UInt8]
  /// Begins in that list.
  var tail: [UInt8]

  var count: Int { head.count + tail.count }

  static func json(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: 2048)
    write(&writer)
    return writer.bytes
  }
}

extension MeshFragments {
  /// What no Pod changes.
  struct Constants {
    /// Elements of `amesh-proxy`'s environment, without the brackets of the list.
    let environment: [UInt8]
    /// Of `amesh-proxy`.
    let securityContext: [UInt8]

    init(_ settings: MeshSettings) {
      environment = ContainerFrame.json { writer in
        for element in ProxyConstants.downwardEnvironment { writer.raw(element) }
        writer.environment("AMESH_XDS_SOURCE", settings.controlPlane.xdsSource)
        writer.environment("AMESH_GRPC_SOURCE", settings.controlPlane.grpcSource)
        writer.environment("AMESH_SDS_SOURCE", settings.controlPlane.sdsSource)
        writer.environment(SidecarEnvironment.trustDomain, settings.trustDomain)
      }
      let context: JSONValue = [
        "allowPrivilegeEscalation": false,
        "capabilities": ["drop": ["ALL"]],
        "privileged": false,
        "readOnlyRootFilesystem": true,
        "runAsGroup": .number(JSONNumber(settings.proxy.gid)),
        "runAsNonRoot": true,
        "runAsUser": .number(JSONNumber(settings.proxy.uid)),
        "seccompProfile": ["type": "RuntimeDefault"],
      ]
      securityContext = context.serialized()
    }
  }
}

extension JSONWriter {
  /// An element of a container's `env`.
  mutating func environment(_ name: String, _ value: String) {
    beginning(#"{"name":"#)
    string(name)
    member("value", value)
    endObject()
  }

  mutating func environment(_ name: String, utf8 value: [UInt8]) {
    beginning(#"{"name":"#)
    string(name)
    key("value")
    string(utf8: value)
    endObject()
  }

  /// The resources of a container, where there are any.
  mutating func resources(_ resources: ResourceRequirements) {
    guard !resources.isEmpty else { return }
    key("resources")
    resources.write(to: &self)
  }
}
