import KubernetesObjects

/// The proxy's own traffic is told from the application's by user and group: an application that runs as either would
/// bypass the mesh.
enum ProxyUser {
  static func check(_ pod: PodView, _ containers: [AppContainer], proxy: MeshSettings.Proxy) throws(Denial) {
    let shared = pod.spec?["securityContext"]
    for container in containers {
      guard let (field, what, number) = clash(container.view, shared, proxy) else { continue }
      throw Denial(
        reason: .proxyUser,
        message: """
          container \(quoted(container.view.string(of: "name") ?? "", limit: 63)) runs as \(what) \(number), which is the \
          proxy's, so its traffic would bypass the mesh; set securityContext.\(field) to another number
          """
      )
    }
  }

  /// Some let an init container run as the proxy's user on purpose, to reach the network before the sidecar is ready.
  static func warn(
    _ pod: PodView,
    _ initContainers: [AppContainer],
    proxy: MeshSettings.Proxy,
    _ warnings: inout [String]
  ) {
    let shared = pod.spec?["securityContext"]
    for container in initContainers {
      guard !container.view.has("restartPolicy", "Always"),
        let (_, what, number) = clash(container.view, shared, proxy)
      else { continue }
      let name = quoted(container.view.string(of: "name") ?? "", limit: 30)
      warnings.append("init container \(name) runs as the proxy's \(what) \(number): its traffic bypasses the mesh")
    }
  }

  private static func clash(
    _ container: JSONView,
    _ shared: JSONView?,
    _ proxy: MeshSettings.Proxy
  ) -> (field: String, what: String, number: Int)? {
    let own = container["securityContext"]
    if proxy.uid == own?.integer(of: "runAsUser") ?? shared?.integer(of: "runAsUser") {
      return ("runAsUser", "user", proxy.uid)
    }
    if proxy.gid == own?.integer(of: "runAsGroup") ?? shared?.integer(of: "runAsGroup") {
      return ("runAsGroup", "group", proxy.gid)
    }
    return nil
  }
}
