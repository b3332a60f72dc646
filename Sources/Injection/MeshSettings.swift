package import KubernetesObjects

/// What the operator of a mesh decides about injection: the `mesh` part of a MeshConfig, already validated.
///
/// Each property's default is the product's default. Values that a Pod may override by an annotation are named so.
package struct MeshSettings: Sendable, Equatable {
  /// SPIFFE trust domain of every workload of this mesh.
  package var trustDomain = "cluster.local"
  /// The revision that this control plane serves; `default` is what an unrevisioned label asks for.
  package var revision = "default"
  package var controlPlane = ControlPlane()
  /// How sidecars talk to each other. Per Pod: `mtls`.
  package var mtls = MTLSMode.permissive
  /// Pods that match any of these are never injected.
  package var neverInject: [LabelSelector] = []
  package var proxy = Proxy()
  package var initContainer = InitContainer()
  /// Names of pull secrets that are added to the Pod.
  package var imagePullSecrets: [String] = []
  /// Per Pod: `native-sidecar`.
  package var nativeSidecar = NativeSidecar.auto
  /// Whether application containers wait until the proxy is ready. Per Pod: `hold-application`.
  package var holdApplication = true
  /// Whether kubelet probes of application containers are sent through the sidecar. Per Pod: `rewrite-probes`.
  package var rewriteProbes = true
  package var prometheus = Prometheus()
  package var token = Token()
  package var drain = Drain()
  package var capture = Capture()
  /// Named JSON patches for the two containers.
  package var patches: [String: ContainerPatch] = [:]
  /// Names of the patches that apply to every Pod. Per Pod: `patches` replaces the list.
  package var defaultPatches: [String] = []

  package init() {}

  package struct ControlPlane: Sendable, Equatable {
    package var namespace = "amesh-system"
    /// Where the sidecar gets its xDS resources from.
    package var xdsSource = "grpc://istiod.istio-system.svc:15010"
    /// Where the sidecar gets its plugin configuration from.
    package var grpcSource = "https://amesh.amesh-system.svc:15810"
    /// Where the sidecar gets its certificates from.
    package var sdsSource = "https://amesh.amesh-system.svc:15012"

    package init() {}
  }

  package struct Proxy: Sendable, Equatable {
    /// Per Pod: `proxy-image`.
    package var image = "apache/amesh-proxy:0.1.0"
    /// Per Pod: `proxy-image-pull-policy`.
    package var imagePullPolicy = ImagePullPolicy.ifNotPresent
    /// The numeric user and group of every process of the sidecar; applications may not run as either.
    package var uid = 1337
    package var gid = 1337
    /// Per Pod: `log-level`.
    package var logLevel = LogLevel.warn
    /// Per Pod, each value on its own: `proxy-cpu-request`, `proxy-memory-limit` and so on.
    package var resources = ResourceRequirements(
      requests: ["cpu": "100m", "memory": "128Mi"],
      limits: ["memory": "512Mi"]
    )

    package init() {}
  }

  package struct InitContainer: Sendable, Equatable {
    /// Per Pod: `init-image`.
    package var image = "apache/amesh:0.1.0"
    /// Capped by the proxy's, so that it never raises the Pod's effective request.
    package var resources = ResourceRequirements(
      requests: ["cpu": "10m", "memory": "16Mi"],
      limits: ["memory": "64Mi"]
    )

    package init() {}
  }

  package enum NativeSidecar: String, Sendable, CaseIterable {
    /// Where the cluster has them (Kubernetes 1.29 and later).
    case auto
    case always
    case never
  }

  package enum ImagePullPolicy: String, Sendable, CaseIterable {
    case always = "Always"
    case ifNotPresent = "IfNotPresent"
    case never = "Never"
  }

  package enum LogLevel: String, Sendable, CaseIterable {
    case debug, info, notice, warn, error, crit, alert, emerg
  }

  package struct Prometheus: Sendable, Equatable {
    /// Whether the Pod is annotated for scraping of the sidecar. Per Pod: `prometheus`.
    package var annotate = true
    /// Whether an application's own scrape target is handed to the sidecar, which serves both. Per Pod: `prometheus-merge`.
    package var merge = true

    package init() {}
  }

  package struct Token: Sendable, Equatable {
    package var audience = "amesh-ca"
    /// Kubernetes accepts 600 seconds and more.
    package var expirationSeconds = 3600

    package init() {}
  }

  package struct Drain: Sendable, Equatable {
    /// Seconds that the sidecar goes on accepting connections after its Pod was deleted.
    package var minimumSeconds = 3
    /// Seconds after which it ends although connections are open.
    package var maximumSeconds = 25

    package init() {}
  }
}

/// CPU, memory and ephemeral storage of one container; a name that is absent is not set at all.
package struct ResourceRequirements: Sendable, Equatable {
  package static let names = ["cpu", "memory", "ephemeral-storage"]

  package var requests: [String: Quantity]
  package var limits: [String: Quantity]

  package init(requests: [String: Quantity] = [:], limits: [String: Quantity] = [:]) {
    self.requests = requests
    self.limits = limits
  }
}

/// A JSON patch (RFC 6902) for one of the containers that the injector adds.
package struct ContainerPatch: Sendable, Equatable {
  package enum Target: String, Sendable, CaseIterable {
    case proxy
    case initContainer = "init"
  }

  package var target: Target
  package var patch: JSONPatch

  package init(target: Target, patch: JSONPatch) {
    self.target = target
    self.patch = patch
  }
}
