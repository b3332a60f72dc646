package import KubernetesObjects
package import Redirect

/// What the sidecar of a Pod takes from others of the mesh, read from what injection put in: its containers, its token
/// and its redirect. An annotation has no say: anyone may write one to a Pod, and the kubelet runs none.
///
/// Whoever writes such containers into a Pod without injection says something of nothing but that Pod: others then expect
/// the certificate of its ServiceAccount there, and send it nothing if it has none.
package struct MeshedPod: Sendable, Hashable {
  /// Of the sidecar's environment.
  package var trustDomain: String
  package var mtls: MTLSMode
  /// The application's ports that are reached through the sidecar, ascending.
  package var inboundPorts: [PortRange]

  package init(trustDomain: String, mtls: MTLSMode, inboundPorts: [PortRange]) {
    self.trustDomain = trustDomain
    self.mtls = mtls
    self.inboundPorts = inboundPorts
  }

  /// More ranges than that, and the Pod is taken for one without mutual TLS.
  private static let maximumRanges = 1024

  /// Nil for a Pod without a sidecar that knows of mutual TLS, and for one on its node's network, whose addresses are not
  /// its own.
  package init?(_ pod: JSONView) {
    let view = PodView(pod)
    guard view.spec?.bool(of: "hostNetwork") != true,
      let proxy = (view.initContainers + view.containers).first(where: Self.isProxy),
      view.initContainers.contains(where: Self.isRedirect),
      view.spec?["volumes"]?.elements.contains(where: Self.isToken) == true,
      let trustDomain = Self.environment(proxy, SidecarEnvironment.trustDomain),
      let mtls = Self.environment(proxy, SidecarEnvironment.mtls).flatMap(MTLSMode.init),
      let ports = RedirectValue.ports(Self.environment(proxy, SidecarEnvironment.inboundPorts) ?? ""),
      ports.count <= Self.maximumRanges
    else { return nil }
    self.init(trustDomain: trustDomain, mtls: mtls, inboundPorts: ports)
  }

  private static func isProxy(_ container: JSONView) -> Bool {
    container.has("name", MeshNames.proxyContainer)
      && container["volumeMounts"]?.elements.contains { $0.has("name", MeshNames.tokenVolume) } == true
  }

  private static func isRedirect(_ container: JSONView) -> Bool {
    container.has("name", MeshNames.initContainer) && container["args"]?[0]?.equals("redirect") == true
  }

  private static func isToken(_ volume: JSONView) -> Bool {
    volume.has("name", MeshNames.tokenVolume)
      && volume["projected"]?["sources"]?[0]?["serviceAccountToken"]?.kind == .object
  }

  private static func environment(_ container: JSONView, _ name: String) -> String? {
    guard let list = container["env"], list.kind == .array else { return nil }
    return list.elements.first { $0.has("name", name) }?.string(of: "value")
  }
}
