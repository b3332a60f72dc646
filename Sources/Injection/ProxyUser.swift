import KubernetesObjects

/// The proxy's own traffic is told from the application's by user and group: an application that runs as either would
/// bypass the mesh.
enum ProxyUser {
  static func check(_ pod: PodView, _ containers: [JSONView], proxy: MeshSettings.Proxy) throws(Denial) {
    let podContext = pod.spec?["securityContext"]
    for container in containers {
      let own = container["securityContext"]
      for (field, what, number) in [("runAsUser", "user", proxy.uid), ("runAsGroup", "group", proxy.gid)] {
        guard number == own?[field]?.integer ?? podContext?[field]?.integer else { continue }
        throw Denial(
          reason: .proxyUser,
          message: """
            container \(quoted(container["name"]?.string ?? "", limit: 63)) runs as \(what) \(number), which is the \
            proxy's, so its traffic would bypass the mesh; set securityContext.\(field) to another number
            """
        )
      }
    }
  }
}
