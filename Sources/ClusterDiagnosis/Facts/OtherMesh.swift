/// How other meshes are recognised.
enum OtherMesh {
  /// By what a mutating webhook is called, or its configuration.
  static func ofWebhook(_ name: String) -> String? {
    let domains = [
      ("istio.io", "Istio"), ("istio-", "Istio"), ("linkerd", "Linkerd"), ("kuma", "Kuma"),
      ("consul.hashicorp.com", "Consul"), ("consul-connect", "Consul"), ("openservicemesh", "Open Service Mesh"),
      ("osm-", "Open Service Mesh"),
    ]
    return domains.first { name.contains($0.0) }?.1
  }

  static func ofContainer(_ name: String) -> String? {
    switch name {
    case "istio-proxy": "Istio"
    case "linkerd-proxy": "Linkerd"
    case "kuma-sidecar": "Kuma"
    case "consul-dataplane": "Consul"
    default: nil
    }
  }

  /// Which meshes a namespace asks for sidecars, by its labels and annotations.
  static func ofNamespace(_ namespace: NamespaceFacts) -> [String] {
    let labels = namespace.labels
    var meshes: [String] = []
    let revision = labels["istio.io/rev"]
    if labels["istio-injection"] == "enabled" || (revision != nil && labels["istio-injection"] != "disabled") {
      meshes.append("Istio")
    }
    if ["enabled", "ingress"].contains(namespace.annotations["linkerd.io/inject"] ?? labels["linkerd.io/inject"]) {
      meshes.append("Linkerd")
    }
    if ["enabled", "true"].contains(labels["kuma.io/sidecar-injection"]) { meshes.append("Kuma") }
    return meshes
  }
}
