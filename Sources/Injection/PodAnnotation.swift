/// The annotations that users set on a Pod, or on its namespace for all Pods in it; the Pod's win.
package enum PodAnnotation: String, Sendable, CaseIterable {
  case proxyImage = "proxy-image"
  case proxyImagePullPolicy = "proxy-image-pull-policy"
  case initImage = "init-image"
  case logLevel = "log-level"
  case proxyCPURequest = "proxy-cpu-request"
  case proxyCPULimit = "proxy-cpu-limit"
  case proxyMemoryRequest = "proxy-memory-request"
  case proxyMemoryLimit = "proxy-memory-limit"
  case proxyEphemeralStorageRequest = "proxy-ephemeral-storage-request"
  case proxyEphemeralStorageLimit = "proxy-ephemeral-storage-limit"
  case mtls
  case allowedIdentities = "allowed-identities"
  case nativeSidecar = "native-sidecar"
  case holdApplication = "hold-application"
  case rewriteProbes = "rewrite-probes"
  case prometheus
  case prometheusMerge = "prometheus-merge"
  case includeInboundPorts = "include-inbound-ports"
  case excludeInboundPorts = "exclude-inbound-ports"
  case includeOutboundPorts = "include-outbound-ports"
  case excludeOutboundPorts = "exclude-outbound-ports"
  case includeOutboundCIDRs = "include-outbound-cidrs"
  case excludeOutboundCIDRs = "exclude-outbound-cidrs"
  case excludeInterfaces = "exclude-interfaces"
  case excludeUIDs = "exclude-uids"
  case patches

  package var name: String { MeshNames.prefix + rawValue }

  /// What the annotation does, for the README's table.
  package var summary: String {
    switch self {
    case .proxyImage: "image of the sidecar"
    case .proxyImagePullPolicy: "pull policy of both containers"
    case .initImage: "image of the init container"
    case .logLevel: "log level of the sidecar"
    case .proxyCPURequest: "CPU request of the sidecar"
    case .proxyCPULimit: "CPU limit of the sidecar"
    case .proxyMemoryRequest: "memory request of the sidecar"
    case .proxyMemoryLimit: "memory limit of the sidecar"
    case .proxyEphemeralStorageRequest: "ephemeral storage request of the sidecar"
    case .proxyEphemeralStorageLimit: "ephemeral storage limit of the sidecar"
    case .mtls: "how the Pod talks to others of the mesh, and what it takes from them"
    case .allowedIdentities: "the only callers that are served; makes a permissive Pod strict"
    case .nativeSidecar: "whether the sidecar is an init container that runs on (Kubernetes 1.29 and later)"
    case .holdApplication: "whether the application waits until the sidecar is ready"
    case .rewriteProbes: "whether the kubelet's probes go through the sidecar"
    case .prometheus: "whether the Pod is annotated for scraping of the sidecar"
    case .prometheusMerge: "whether the sidecar serves the application's metrics too"
    case .includeInboundPorts: "the Pod's ports that are captured, instead of those that it declares as HTTP or gRPC"
    case .excludeInboundPorts: "the Pod's ports that are never captured"
    case .includeOutboundPorts: "destination ports that are captured, instead of the mesh's"
    case .excludeOutboundPorts: "destination ports that are never captured"
    case .includeOutboundCIDRs: "the only destinations that are captured"
    case .excludeOutboundCIDRs: "destinations that are never captured"
    case .excludeInterfaces: "network interfaces whose traffic is left alone"
    case .excludeUIDs: "users whose traffic is left alone"
    case .patches: "container patches of the mesh, instead of its default ones"
    }
  }

  /// What a valid value looks like, for errors and the README's table.
  package var expected: String {
    switch self {
    case .proxyImage, .initImage: "an image reference such as registry.example/amesh:1.0"
    case .proxyImagePullPolicy: "Always, IfNotPresent or Never"
    case .logLevel: "debug, info, notice, warn, error, crit, alert or emerg"
    case .proxyCPURequest, .proxyCPULimit: "a quantity such as 250m, or nothing to set none"
    case .proxyMemoryRequest, .proxyMemoryLimit, .proxyEphemeralStorageRequest, .proxyEphemeralStorageLimit:
      "a quantity such as 256Mi, or nothing to set none"
    case .mtls: "permissive, strict or disabled"
    case .allowedIdentities:
      "SPIFFE IDs, spiffe://TRUST_DOMAIN/ns/NAMESPACE/* or spiffe://TRUST_DOMAIN/*, joined by commas; nothing for nobody"
    case .nativeSidecar, .holdApplication, .rewriteProbes, .prometheus, .prometheusMerge: "true or false"
    case .includeInboundPorts, .includeOutboundPorts:
      "ports and ranges such as 8080,9000-9010, * for all, or nothing for none"
    case .excludeInboundPorts, .excludeOutboundPorts: "ports and ranges such as 8080,9000-9010"
    case .includeOutboundCIDRs, .excludeOutboundCIDRs: "networks such as 10.0.0.0/8,fd00::/8"
    case .excludeInterfaces: "interface names such as eth1,net0 (at most 15 characters each)"
    case .excludeUIDs: "numeric users such as 999,1001"
    case .patches: "names of patches in the mesh's configuration, such as debug,large"
    }
  }
}

extension PodAnnotation {
  /// Every annotation, for the README. In a cell of a table a bar needs a backslash; no text here has one.
  package static func markdownTable() -> String {
    var rows = ["| Annotation | What it sets | Value |", "|---|---|---|"]
    for annotation in allCases {
      rows.append("| `\(annotation.name)` | \(annotation.summary) | \(annotation.expected.markdown) |")
    }
    return rows.joined(separator: "\n")
  }
}

extension String {
  /// A star would begin emphasis.
  fileprivate var markdown: String {
    reduce(into: "") { text, character in
      if character == "*" { text += "\\" }
      text.append(character)
    }
  }
}
