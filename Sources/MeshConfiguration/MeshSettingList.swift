import Injection

extension Setting {
  /// Keys that say what the mesh is.
  static let meshSettings: [Setting] = [
    Setting(
      "mesh.trustDomain",
      \.mesh.trustDomain,
      .trustDomain,
      "SPIFFE trust domain of every workload; read at start."
    ),
    Setting(
      "mesh.revision",
      \.mesh.revision,
      .revision,
      "The revision that this control plane serves; `default` is what the label `injection: enabled` asks for; read at start."
    ),
    Setting(
      "mesh.controlPlane.namespace",
      \.mesh.controlPlane.namespace,
      .namespace,
      "Where the control plane runs; nothing is injected there; read at start."
    ),
    Setting(
      "mesh.controlPlane.xdsSource",
      \.mesh.controlPlane.xdsSource,
      .source,
      "Where sidecars get listeners, routes, clusters and endpoints."
    ),
    Setting(
      "mesh.controlPlane.grpcSource",
      \.mesh.controlPlane.grpcSource,
      .source,
      "Where sidecars get their plugin configuration."
    ),
    Setting(
      "mesh.controlPlane.sdsSource",
      \.mesh.controlPlane.sdsSource,
      .source,
      "Where sidecars get their certificates."
    ),
    Setting(
      "mesh.mtls",
      \.mesh.mtls,
      .choice("a mode"),
      "How sidecars talk to each other: `permissive`: mutual TLS with each other, plaintext with everybody else; `strict`: no plaintext comes in; `disabled`: plaintext only."
    ),
  ]

  /// Keys that say how Pods are injected.
  static let injectionSettings: [Setting] =
    [
      Setting(
        "mesh.injection.neverInject",
        \.mesh.neverInject,
        SettingType.labelSelector.list,
        "Pods that match any of these label selectors are never injected."
      ),
      Setting(
        "mesh.injection.nativeSidecar",
        \.mesh.nativeSidecar,
        .choice("a choice"),
        "Whether the proxy is a native sidecar (Kubernetes 1.29+); `auto`: where the cluster has them."
      ),
      Setting(
        "mesh.injection.holdApplication",
        \.mesh.holdApplication,
        .bool,
        "Whether application containers wait until the proxy is ready."
      ),
      Setting(
        "mesh.injection.rewriteProbes",
        \.mesh.rewriteProbes,
        .bool,
        "Whether the kubelet's probes of application containers go through the sidecar."
      ),
      Setting(
        "mesh.injection.imagePullSecrets",
        \.mesh.imagePullSecrets,
        SettingType.objectName.list,
        "Names of pull secrets that are added to every Pod."
      ),
      Setting(
        "mesh.injection.proxy.image",
        \.mesh.proxy.image,
        .image,
        "Image of the sidecar."
      ),
      Setting(
        "mesh.injection.proxy.imagePullPolicy",
        \.mesh.proxy.imagePullPolicy,
        .choice("a pull policy"),
        "When the kubelet pulls the images of both containers."
      ),
      Setting(
        "mesh.injection.proxy.uid",
        \.mesh.proxy.uid,
        .integer(1...4_294_967_294, "a numeric uid"),
        "User of every process of the sidecar; no application may run as it."
      ),
      Setting(
        "mesh.injection.proxy.gid",
        \.mesh.proxy.gid,
        .integer(1...4_294_967_294, "a numeric gid"),
        "Group of every process of the sidecar; no application may run as it."
      ),
      Setting(
        "mesh.injection.proxy.logLevel",
        \.mesh.proxy.logLevel,
        .choice("a log level"),
        "Log level of the sidecar."
      ),
      Setting(
        "mesh.injection.init.image",
        \.mesh.initContainer.image,
        .image,
        "Image of the init container that redirects traffic."
      ),
      Setting(
        "mesh.injection.token.audience",
        \.mesh.token.audience,
        .audience,
        "Audience of the ServiceAccount token that the sidecar authenticates with."
      ),
      Setting(
        "mesh.injection.token.expirationSeconds",
        \.mesh.token.expirationSeconds,
        .integer(600...86400, "a lifetime in seconds"),
        "Lifetime of that token."
      ),
      Setting(
        "mesh.injection.prometheus.annotate",
        \.mesh.prometheus.annotate,
        .bool,
        "Whether Pods are annotated for scraping of the sidecar."
      ),
      Setting(
        "mesh.injection.prometheus.merge",
        \.mesh.prometheus.merge,
        .bool,
        "Whether the application's own scrape target is served by the sidecar along with its own."
      ),
      Setting(
        "mesh.injection.drain.minimumSeconds",
        \.mesh.drain.minimumSeconds,
        .integer(0...3600, "a time in seconds"),
        "How long a deleted Pod's sidecar goes on accepting connections."
      ),
      Setting(
        "mesh.injection.drain.maximumSeconds",
        \.mesh.drain.maximumSeconds,
        .integer(0...3600, "a time in seconds"),
        "When it ends although connections are open."
      ),
      Setting(
        "mesh.injection.capture.outboundPorts",
        \.mesh.capture.outboundPorts,
        .portSet,
        "Destination ports that go through the sidecar; `\"*\"` breaks what does not speak HTTP."
      ),
      Setting(
        "mesh.injection.capture.excludeOutboundPorts",
        \.mesh.capture.excludeOutboundPorts,
        SettingType.ports.list,
        "Destination ports that never do."
      ),
      Setting(
        "mesh.injection.capture.excludeInboundPorts",
        \.mesh.capture.excludeInboundPorts,
        SettingType.ports.list,
        "Ports of the Pod that are never captured, whatever it declares."
      ),
      Setting(
        "mesh.injection.capture.includeOutboundCIDRs",
        \.mesh.capture.includeOutboundCIDRs,
        SettingType.cidr.list,
        "Destinations that are captured; empty: any."
      ),
      Setting(
        "mesh.injection.capture.excludeOutboundCIDRs",
        \.mesh.capture.excludeOutboundCIDRs,
        SettingType.cidr.list,
        "Destinations that never are."
      ),
      Setting(
        "mesh.injection.capture.excludeInterfaces",
        \.mesh.capture.excludeInterfaces,
        SettingType.networkInterface.list,
        "Network interfaces of the Pod that are left alone."
      ),
      Setting(
        "mesh.injection.capture.excludeUIDs",
        \.mesh.capture.excludeUIDs,
        SettingType.uid.list,
        "Users whose traffic is left alone."
      ),
      Setting(
        "mesh.injection.patches",
        \.mesh.patches,
        .containerPatches,
        "Named JSON patches for the containers that the injector adds."
      ),
      Setting(
        "mesh.injection.defaultPatches",
        \.mesh.defaultPatches,
        SettingType.patchName.list,
        "Names of the patches that apply to every Pod."
      ),
    ] + resourceSettings

  /// One key for each quantity of the two containers.
  private static let resourceSettings: [Setting] = ResourceRequirements.names.flatMap { name in
    [
      Setting(
        "mesh.injection.proxy.resources.requests.\(name)",
        \.mesh.proxy.resources.requests[name],
        .optional(.quantity),
        "What the sidecar asks for; null: nothing."
      ),
      Setting(
        "mesh.injection.proxy.resources.limits.\(name)",
        \.mesh.proxy.resources.limits[name],
        .optional(.quantity),
        "The most that the sidecar gets; null: no limit."
      ),
      Setting(
        "mesh.injection.init.resources.requests.\(name)",
        \.mesh.initContainer.resources.requests[name],
        .optional(.quantity),
        "What the init container asks for; null: nothing."
      ),
      Setting(
        "mesh.injection.init.resources.limits.\(name)",
        \.mesh.initContainer.resources.limits[name],
        .optional(.quantity),
        "The most that the init container gets; null: no limit."
      ),
    ]
  }
}
