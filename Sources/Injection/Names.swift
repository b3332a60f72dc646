/// The names that the mesh gives to things in a Pod; other parts and users' manifests depend on them.
package enum MeshNames {
  package static let prefix = "amesh.apisix.apache.org/"

  /// On a namespace: `enabled` or `disabled`.
  package static let injectionLabel = prefix + "injection"
  /// On a Pod: `true` or `false`.
  package static let injectLabel = prefix + "inject"
  /// On a namespace or a Pod: the revision of the control plane that is asked for.
  package static let revisionLabel = prefix + "rev"
  /// On an injected Pod: what was done to it, as JSON.
  package static let statusAnnotation = prefix + "status"

  package static let initContainer = "amesh-init"
  package static let proxyContainer = "amesh-proxy"

  package static let tokenVolume = "amesh-token"
  package static let rootVolume = "amesh-root"
  package static let podInfoVolume = "amesh-podinfo"
  package static let runVolume = "amesh-run"
  package static let noAPITokenVolume = "amesh-no-api-token"
  package static let volumes = [tokenVolume, rootVolume, podInfoVolume, runVolume, noAPITokenVolume]

  package static let trustBundleConfigMap = "amesh-root"

  package static let canonicalNameLabel = "service.istio.io/canonical-name"
  package static let canonicalRevisionLabel = "service.istio.io/canonical-revision"
  package static let defaultContainerAnnotation = "kubectl.kubernetes.io/default-container"
  /// Labels and annotations that injection may add, but for the status.
  package static let labels = [canonicalNameLabel, canonicalRevisionLabel]
  package static let annotations = [defaultContainerAnnotation] + Scraping.names

  /// Namespaces of Kubernetes itself, which are never meshed.
  package static let systemNamespaces = ["kube-system", "kube-public", "kube-node-lease"]
}

/// What the sidecar is told by its environment, where others read it too.
enum SidecarEnvironment {
  static let trustDomain = "AMESH_TRUST_DOMAIN"
  /// An ``MTLSMode``. A sidecar without it is of a version that has no mutual TLS.
  static let mtls = "AMESH_MTLS"
  /// Patterns joined by commas; where it is missing, everyone is served.
  static let allowedIdentities = "AMESH_ALLOWED_IDENTITIES"
  /// The application's ports that are captured, as ports and ranges joined by commas.
  static let inboundPorts = "AMESH_INBOUND_PORTS"
}

/// The ports of the sidecar in every Pod.
package enum MeshPorts {
  package static let outbound = 19080
  package static let inbound = 19081
  package static let inboundMTLS = 19443
  package static let metrics = 15020
  package static let health = 15021
  package static let all = [outbound, inbound, inboundMTLS, metrics, health]
}
