import KubernetesObjects
import Redirect

/// Everything that the two containers depend on, worked out from one Pod.
struct SidecarPlan {
  let fragments: MeshFragments
  private let shared: SharedPodSettings
  let shape: SidecarShape
  let inboundPorts: PortSet
  /// Of them, those that are captured: the value of `AMESH_INBOUND_PORTS`.
  let servedPorts: PortSet
  /// The value of `AMESH_APP_PROBES`.
  let appProbes: [UInt8]
  /// The value of `AMESH_APP_METRICS`; nil when the application has no scrape target.
  let appMetrics: [UInt8]?
  /// The value of `AMESH_POD_PORTS`.
  let podPorts: [UInt8]
  /// The value of `AMESH_APP_CONTAINERS`.
  let appContainers: String
}

extension SidecarPlan {
  var mesh: MeshSettings { _read { yield fragments.settings } }

  var pod: PodSettings { _read { yield shared.settings } }

  /// Whether `amesh-proxy` is an init container with `restartPolicy: Always`.
  var isNative: Bool { shape.isNative }

  /// The first minor version of Kubernetes whose API server keeps an init container's restartPolicy by default.
  static let nativeSidecarVersion = 29
  /// The first one that has them at all, behind a feature gate.
  static let firstNativeSidecarVersion = 28

  /// - Parameter apps: the containers that run beside the sidecar.
  init(
    fragments: MeshFragments,
    shared: SharedPodSettings,
    isNative: Bool,
    view: PodView,
    apps: [AppContainer],
    appProbes: [UInt8],
    appMetrics: [UInt8]?
  ) {
    self.fragments = fragments
    self.shared = shared
    self.appProbes = appProbes
    self.appMetrics = appMetrics
    inboundPorts = shared.settings.inboundPorts ?? .ports(CapturedPorts.declared(by: apps.lazy.map(\.ports)))
    servedPorts = inboundPorts.without(shared.settings.capture.excludeInboundPorts + Self.ownPorts)
    podPorts = AppSummary.ports(apps)
    appContainers = AppSummary.names(apps)
    let resources = view.spec?["resources"]
    shape = SidecarShape(
      isNative: isNative,
      hasPodResources: resources.map { $0.count(of: "requests") > 0 || $0.count(of: "limits") > 0 } ?? false,
      drain: Self.drain(fragments.settings.drain, of: view)
    )
  }

  private static let ownPorts = MeshPorts.all.map { PortRange(UInt16(clamping: $0)) }

  /// Two seconds before the kubelet's SIGKILL it is over, so that APISIX gets its SIGTERM first.
  private static func drain(_ wanted: MeshSettings.Drain, of pod: PodView) -> MeshSettings.Drain {
    // Seconds between the deletion of the Pod and SIGKILL.
    let gracePeriod = max(0, pod.spec?.integer(of: "terminationGracePeriodSeconds") ?? 30)
    var drain = wanted
    drain.maximumSeconds = max(0, min(wanted.maximumSeconds, gracePeriod - 2))
    drain.minimumSeconds = min(wanted.minimumSeconds, drain.maximumSeconds)
    return drain
  }

  /// - Throws: where one is demanded of a cluster that has none: its API server would drop the restartPolicy, and the
  ///   Pod wait for ever for an init container that does not end.
  static func isNative(
    _ setting: MeshSettings.NativeSidecar,
    _ cluster: ClusterCapabilities
  ) throws(Denial) -> Bool {
    switch (setting, cluster.minorVersion) {
    case (.always, let minor?) where minor < firstNativeSidecarVersion:
      throw Denial(
        reason: .invalidAnnotation,
        message: """
          a native sidecar is demanded, but Kubernetes 1.\(minor) has none, so the Pod would never start; take back the \
          annotation \(PodAnnotation.nativeSidecar.name), or mesh.injection.nativeSidecar: always
          """
      )
    case (.always, _): return true
    case (.never, _): return false
    // A version that is not known may be an older one.
    case (.auto, let minor): return minor.map { $0 >= nativeSidecarVersion } ?? false
    }
  }

  func warn(
    apps: [AppContainer],
    pod view: PodView,
    workload: InjectionContext.Workload?,
    _ warnings: inout [String]
  ) {
    if inboundPorts == .all || pod.capture.outboundPorts == .all {
      warnings.append("all ports (*) are captured: whatever is not HTTP will break in this Pod")
    }
    if !isNative, Self.isJob(view, workload) {
      warnings.append(
        "a Job never ends beside a classic sidecar: make it native, or label its Pod \(MeshNames.injectLabel): \"false\""
      )
    }
    for app in apps {
      for port in app.ports where MeshPorts.all.contains(Int(port.number)) {
        let name = quoted(app.view.string(of: "name") ?? "", limit: 30)
        warnings.append("container \(name) declares port \(port.number), which the sidecar listens on")
      }
      if pod.mtls == .strict, !pod.rewriteProbes { RefusedProbes.warn(app, served: servedPorts, &warnings) }
    }
  }

  /// Whether the Pod is to run to an end: by the Job that owns it, or offline by what its template is of.
  private static func isJob(_ view: PodView, _ workload: InjectionContext.Workload?) -> Bool {
    if let workload, ["Job", "CronJob"].contains(workload.kind) { return true }
    return view.metadata?["ownerReferences"]?.elements.contains { $0.has("kind", "Job") } ?? false
  }
}

extension ResourceRequirements {
  /// The init container's resources: as the mesh has them, but never so much that the Pod's effective request rises
  /// (the larger of the init containers' and the sum of the others', of which the proxy is one).
  func capped(by proxy: ResourceRequirements) -> ResourceRequirements {
    var capped = ResourceRequirements()
    for name in Self.names {
      // The API server takes a limit for the request where only a limit is set.
      guard let wanted = requests[name] ?? limits[name] else { continue }
      let ceiling = proxy.requests[name] ?? proxy.limits[name] ?? "0"
      capped.requests[name] = Swift.min(wanted, ceiling)
      guard let limit = limits[name] else { continue }
      capped.limits[name] = proxy.limits[name].map { Swift.min(limit, $0) } ?? limit
    }
    return capped
  }

  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      Self.write(limits, as: "limits", to: &writer)
      Self.write(requests, as: "requests", to: &writer)
    }
  }

  var isEmpty: Bool { requests.isEmpty && limits.isEmpty }

  private static func write(_ quantities: [String: Quantity], as key: StaticString, to writer: inout JSONWriter) {
    guard !quantities.isEmpty else { return }
    writer.object(key) { writer in
      for name in names {
        if let quantity = quantities[name] { writer.member(name, quantity.canonical) }
      }
    }
  }
}
