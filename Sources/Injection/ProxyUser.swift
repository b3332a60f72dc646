import KubernetesObjects

/// The proxy's own traffic is told from the application's by user and group: an application that runs as either would
/// bypass the mesh.
enum ProxyUser {
  static func check(_ pod: PodView, _ containers: [JSONView], proxy: MeshSettings.Proxy) throws(Denial) {
    for container in containers {
      guard let (field, what, number) = clash(container, pod, proxy) else { continue }
      throw Denial(
        reason: .proxyUser,
        message: """
          container \(quoted(container["name"]?.string ?? "", limit: 63)) runs as \(what) \(number), which is the \
          proxy's, so its traffic would bypass the mesh; set securityContext.\(field) to another number
          """
      )
    }
  }

  /// Some let an init container run as the proxy's user on purpose, to reach the network before the sidecar is ready.
  static func warnings(_ pod: PodView, _ initContainers: [JSONView], proxy: MeshSettings.Proxy) -> [String] {
    initContainers.compactMap { container in
      guard container["restartPolicy"]?.equals("Always") != true,
        let (_, what, number) = clash(container, pod, proxy)
      else { return nil }
      let name = quoted(container["name"]?.string ?? "", limit: 30)
      return "init container \(name) runs as the proxy's \(what) \(number): its traffic bypasses the mesh"
    }
  }

  private static func clash(
    _ container: JSONView,
    _ pod: PodView,
    _ proxy: MeshSettings.Proxy
  ) -> (field: String, what: String, number: Int)? {
    let own = container["securityContext"]
    let shared = pod.spec?["securityContext"]
    if proxy.uid == own?["runAsUser"]?.integer ?? shared?["runAsUser"]?.integer {
      return ("runAsUser", "user", proxy.uid)
    }
    if proxy.gid == own?["runAsGroup"]?.integer ?? shared?["runAsGroup"]?.integer {
      return ("runAsGroup", "group", proxy.gid)
    }
    return nil
  }
}
