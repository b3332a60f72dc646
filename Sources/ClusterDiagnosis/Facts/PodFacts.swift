package import Injection
package import KubernetesObjects

/// A Pod, as far as its sidecar goes.
package struct PodFacts: Sendable, Hashable {
  package var namespace: String
  package var name: String
  package var sidecar: PodSidecar
  /// Whether another mesh's sidecar is in it.
  package var otherMesh: String?
  /// What others of the mesh are told of it; nil for a Pod without a sidecar that knows of mutual TLS.
  package var mutualTLS: MTLSMode?

  package init(
    _ namespace: String,
    _ name: String,
    _ sidecar: PodSidecar,
    otherMesh: String? = nil,
    mutualTLS: MTLSMode? = nil
  ) {
    self.namespace = namespace
    self.name = name
    self.sidecar = sidecar
    self.otherMesh = otherMesh
    self.mutualTLS = mutualTLS
  }

  /// Nil for one that has ended or is going.
  ///
  /// - Parameter neverInject: the mesh's selectors of Pods that it leaves alone.
  package init?(_ pod: JSONView, neverInject: [LabelSelector] = []) {
    guard let metadata = pod["metadata"], let name = metadata.string(of: "name"),
      let namespace = metadata.string(of: "namespace"), let sidecar = PodSidecar(pod, neverInject: neverInject)
    else { return nil }
    self.init(namespace, name, sidecar, mutualTLS: MeshedPod(pod)?.mtls)
    let containers = (pod["spec"]?.parts("containers") ?? []) + (pod["spec"]?.parts("initContainers") ?? [])
    for container in containers {
      if let mesh = container.string(of: "name").flatMap({ OtherMesh.ofContainer($0) }) { otherMesh = mesh }
    }
  }
}
