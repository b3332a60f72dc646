import KubernetesObjects

/// The parts of the two containers that depend on the mesh's settings alone, serialised once.
final class MeshFragments: Sendable {
  /// Elements of `amesh-proxy`'s environment, without the brackets of the list.
  let environment: [UInt8]
  /// Of `amesh-proxy`.
  let securityContext: [UInt8]
  /// The first arguments of `amesh-init`, without the brackets of the list.
  let redirectArguments: [UInt8]
  let settings: MeshSettings
  private let proxyResources: [UInt8]?
  private let cappedResources: [UInt8]?
  private let defaultCapture: [UInt8]

  init(_ settings: MeshSettings) {
    self.settings = settings
    environment = Self.elements { writer in
      for element in ProxyConstants.downwardEnvironment { writer.raw(element) }
      writer.environment("AMESH_XDS_SOURCE", settings.controlPlane.xdsSource)
      writer.environment("AMESH_GRPC_SOURCE", settings.controlPlane.grpcSource)
      writer.environment("AMESH_SDS_SOURCE", settings.controlPlane.sdsSource)
      writer.environment("AMESH_TRUST_DOMAIN", settings.trustDomain)
    }
    redirectArguments = Self.elements { writer in
      for word in RedirectArguments.fixed(proxy: settings.proxy) { writer.string(word) }
    }
    defaultCapture = Self.capture(settings.capture)
    securityContext = Self.securityContext(settings.proxy)
    proxyResources = Self.serialized(settings.proxy.resources)
    cappedResources = Self.serialized(settings.initContainer.resources.capped(by: settings.proxy.resources))
  }

  /// The resources of `amesh-proxy` in a Pod that sets them so; nil if there are none.
  func resources(_ proxy: ResourceRequirements) -> [UInt8]? {
    proxy == settings.proxy.resources ? proxyResources : Self.serialized(proxy)
  }

  /// The resources of `amesh-init` beside such a proxy; nil if there are none.
  func initResources(proxy: ResourceRequirements) -> [UInt8]? {
    proxy == settings.proxy.resources
      ? cappedResources : Self.serialized(settings.initContainer.resources.capped(by: proxy))
  }

  /// The last arguments of `amesh-init` in a Pod with that capture, without the brackets of the list.
  func captureArguments(_ capture: Capture) -> [UInt8] {
    capture == settings.capture ? defaultCapture : Self.capture(capture)
  }

  private static func capture(_ capture: Capture) -> [UInt8] {
    elements { writer in
      for word in RedirectArguments.captured(capture) { writer.string(word) }
    }
  }

  private static func elements(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: 512)
    write(&writer)
    return writer.bytes
  }

  private static func serialized(_ resources: ResourceRequirements) -> [UInt8]? {
    guard !resources.isEmpty else { return nil }
    var writer = JSONWriter(reservingCapacity: 128)
    resources.write(to: &writer)
    return writer.bytes
  }

  private static func securityContext(_ proxy: MeshSettings.Proxy) -> [UInt8] {
    let context: JSONValue = [
      "allowPrivilegeEscalation": false,
      "capabilities": ["drop": ["ALL"]],
      "privileged": false,
      "readOnlyRootFilesystem": true,
      "runAsGroup": .number(JSONNumber(proxy.gid)),
      "runAsNonRoot": true,
      "runAsUser": .number(JSONNumber(proxy.uid)),
      "seccompProfile": ["type": "RuntimeDefault"],
    ]
    return context.serialized()
  }
}

extension JSONWriter {
  /// An element of a container's `env`.
  mutating func environment(_ name: String, _ value: String) {
    object { writer in
      writer.member("name", name)
      writer.member("value", value)
    }
  }
}
