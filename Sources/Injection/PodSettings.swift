import KubernetesObjects
import Redirect
import SPIFFE

/// The settings of one Pod: the mesh's, changed by the annotations of its namespace and by its own.
struct PodSettings: Equatable {
  var proxyImage: String
  var proxyImagePullPolicy: MeshSettings.ImagePullPolicy
  var initImage: String
  var logLevel: MeshSettings.LogLevel
  var resources: ResourceRequirements
  var mtls: MTLSMode
  /// Nil: everyone is served.
  var allowedIdentities: [IdentityPattern]?
  var nativeSidecar: MeshSettings.NativeSidecar
  var holdApplication: Bool
  var rewriteProbes: Bool
  var prometheus: MeshSettings.Prometheus
  /// Nil: what the Pod declares as HTTP or gRPC.
  var inboundPorts: PortSet?
  var capture: Capture
  var patches: [String]
  /// Whether any annotation has a say in this.
  var isAnnotated = false

  init(_ settings: MeshSettings) {
    proxyImage = settings.proxy.image
    proxyImagePullPolicy = settings.proxy.imagePullPolicy
    initImage = settings.initContainer.image
    logLevel = settings.proxy.logLevel
    resources = settings.proxy.resources
    mtls = settings.mtls
    allowedIdentities = nil
    nativeSidecar = settings.nativeSidecar
    holdApplication = settings.holdApplication
    rewriteProbes = settings.rewriteProbes
    prometheus = settings.prometheus
    inboundPorts = nil
    capture = settings.capture
    patches = settings.defaultPatches
  }

  /// - Returns: false if `value` is not valid for the annotation.
  mutating func apply(_ annotation: PodAnnotation, _ value: String) -> Bool {
    switch annotation {
    case .proxyImage: set(&proxyImage, AnnotationValue.image(value))
    case .proxyImagePullPolicy: set(&proxyImagePullPolicy, MeshSettings.ImagePullPolicy(rawValue: value))
    case .initImage: set(&initImage, AnnotationValue.image(value))
    case .logLevel: set(&logLevel, MeshSettings.LogLevel(rawValue: value))
    case .proxyCPURequest: set(&resources.requests["cpu"], AnnotationValue.quantity(value))
    case .proxyCPULimit: set(&resources.limits["cpu"], AnnotationValue.quantity(value))
    case .proxyMemoryRequest: set(&resources.requests["memory"], AnnotationValue.quantity(value))
    case .proxyMemoryLimit: set(&resources.limits["memory"], AnnotationValue.quantity(value))
    case .proxyEphemeralStorageRequest:
      set(&resources.requests["ephemeral-storage"], AnnotationValue.quantity(value))
    case .proxyEphemeralStorageLimit: set(&resources.limits["ephemeral-storage"], AnnotationValue.quantity(value))
    case .mtls: set(&mtls, MTLSMode(rawValue: value))
    case .allowedIdentities: set(&allowedIdentities, AnnotationValue.identities(value).map(Optional.some))
    case .nativeSidecar: set(&nativeSidecar, AnnotationValue.bool(value).map { $0 ? .always : .never })
    case .holdApplication: set(&holdApplication, AnnotationValue.bool(value))
    case .rewriteProbes: set(&rewriteProbes, AnnotationValue.bool(value))
    case .prometheus: set(&prometheus.annotate, AnnotationValue.bool(value))
    case .prometheusMerge: set(&prometheus.merge, AnnotationValue.bool(value))
    case .includeInboundPorts: set(&inboundPorts, AnnotationValue.portSet(value).map(Optional.some))
    case .excludeInboundPorts: set(&capture.excludeInboundPorts, AnnotationValue.ports(value))
    case .includeOutboundPorts: set(&capture.outboundPorts, AnnotationValue.portSet(value))
    case .excludeOutboundPorts: set(&capture.excludeOutboundPorts, AnnotationValue.ports(value))
    case .includeOutboundCIDRs: set(&capture.includeOutboundCIDRs, AnnotationValue.cidrs(value))
    case .excludeOutboundCIDRs: set(&capture.excludeOutboundCIDRs, AnnotationValue.cidrs(value))
    case .excludeInterfaces: set(&capture.excludeInterfaces, AnnotationValue.interfaces(value))
    case .excludeUIDs: set(&capture.excludeUIDs, AnnotationValue.uids(value))
    case .patches: set(&patches, AnnotationValue.names(value))
    }
  }

}

/// Handed on by one reference; of nearly all Pods these are the mesh's own.
final class SharedPodSettings: Sendable {
  let settings: PodSettings

  init(_ settings: PodSettings) { self.settings = settings }
}

private func set<Value>(_ property: inout Value, _ value: Value?) -> Bool {
  guard let value else { return false }
  property = value
  return true
}

extension PodSettings {
  /// The mesh's settings as the annotations of namespace and Pod change them.
  static func resolve(
    defaults: SharedPodSettings,
    pod: PodView,
    namespace: NamespaceMetadata,
    warnings: inout [String]
  ) throws(Denial) -> SharedPodSettings {
    let isAnnotated =
      pod.annotations?.hasKey(startingWith: MeshNames.prefix) == true
      || namespace.annotations?.keys.contains { $0.hasPrefix(MeshNames.prefix) } == true
    guard isAnnotated else { return defaults }
    var settings = defaults.settings
    try settings.takeAnnotations(of: namespace, &warnings)
    if let annotations = pod.annotations { try settings.takeAnnotations(ofPod: annotations, &warnings) }
    if settings.isAnnotated {
      try settings.checkResources()
      try settings.checkAllowedIdentities(&warnings)
    }
    return SharedPodSettings(settings)
  }

  private mutating func takeAnnotations(of namespace: NamespaceMetadata, _ warnings: inout [String]) throws(Denial) {
    guard let annotations = namespace.annotations else { return }
    for (name, value) in annotations.sorted(by: { $0.key < $1.key }) where name.hasPrefix(MeshNames.prefix) {
      guard let annotation = PodAnnotation(fullName: name) else {
        warnings.append("namespace annotation \(quoted(name, limit: 60)) is not known: it is ignored")
        continue
      }
      guard apply(annotation, value) else { throw Self.invalid(annotation, value, on: "namespace \(namespace.name)") }
      isAnnotated = true
    }
  }

  private mutating func takeAnnotations(ofPod annotations: JSONView, _ warnings: inout [String]) throws(Denial) {
    for (key, value) in annotations.members where key.hasPrefix(MeshNames.prefix) {
      guard let name = key.string, name != MeshNames.statusAnnotation else { continue }
      guard let annotation = PodAnnotation(fullName: name) else {
        if warnings.count > InjectionOutcome.maximumWarnings { continue }
        let isLabel = [MeshNames.injectLabel, MeshNames.revisionLabel].contains(name)
        let problem = isLabel ? "has to be a label" : "is not known"
        warnings.append("annotation \(quoted(name, limit: 60)) \(problem): it is ignored")
        continue
      }
      guard let value = value.string else { throw PodView.malformed("annotation \(name) is not a string") }
      guard apply(annotation, value) else { throw Self.invalid(annotation, value, on: "the Pod") }
      isAnnotated = true
    }
  }

  private static func invalid(_ annotation: PodAnnotation, _ value: String, on owner: String) -> Denial {
    Denial(
      reason: .invalidAnnotation,
      message: "annotation \(annotation.name) on \(owner): \(quoted(value)) is not valid; use \(annotation.expected)"
    )
  }

  /// The API server refuses a limit below its request with a message about a container that the user never wrote.
  private func checkResources() throws(Denial) {
    for name in ResourceRequirements.names {
      guard let request = resources.requests[name], let limit = resources.limits[name], limit < request else {
        continue
      }
      throw Denial(
        reason: .invalidAnnotation,
        message: """
          the sidecar's \(name) limit \(limit.text) is below its request \(request.text); set the annotations \
          \(MeshNames.prefix)proxy-\(name)-request and \(MeshNames.prefix)proxy-\(name)-limit together
          """
      )
    }
  }
}

extension PodAnnotation {
  init?(fullName: String) {
    guard fullName.hasPrefix(MeshNames.prefix) else { return nil }
    self.init(rawValue: String(fullName.dropFirst(MeshNames.prefix.count)))
  }
}
