package import KubernetesObjects

/// Decides about a Pod and builds the patch that puts the sidecar in. Pure: no I/O, clock or randomness.
///
/// A class, so that each review takes along one reference instead of every text of the configuration.
package final class Injector: Sendable {
  private let defaults: SharedPodSettings
  private let volumes: MeshVolumes
  private let fragments: MeshFragments
  private let version: String
  private let configurationHash: String

  package var settings: MeshSettings { _read { yield fragments.settings } }

  /// The revision that this control plane serves.
  package var revision: String { fragments.settings.revision }

  /// - Parameters:
  ///   - version: of this program, for the status annotation.
  ///   - configurationHash: tells Pods with an older configuration from current ones.
  package init(settings: MeshSettings, version: String = "dev", configurationHash: String = "") {
    self.version = version
    self.configurationHash = configurationHash
    defaults = SharedPodSettings(PodSettings(settings))
    volumes = MeshVolumes(token: settings.token)
    fragments = MeshFragments(settings)
  }

  package func inject(pod: JSONView, context: InjectionContext) -> InjectionOutcome {
    let view = PodView(pod)
    let decision = Decision.make(pod: view, context: context, mesh: fragments)
    guard decision.reason.verdict == .injected else {
      return InjectionOutcome(reason: decision.reason, warnings: Self.capped(decision.warnings))
    }
    var warnings = decision.warnings
    do {
      let patch = try patch(view, context, &warnings)
      return InjectionOutcome(
        reason: decision.reason,
        patch: patch.isEmpty ? nil : patch.serialized(),
        warnings: Self.capped(warnings)
      )
    } catch {
      return InjectionOutcome(reason: error.reason, message: error.message, warnings: Self.capped(warnings))
    }
  }

  private func patch(
    _ pod: PodView,
    _ context: InjectionContext,
    _ warnings: inout [String]
  ) throws(Denial) -> PatchWriter {
    try pod.validate()
    let shared = try PodSettings.resolve(
      defaults: defaults,
      pod: pod,
      namespace: context.namespace,
      warnings: &warnings
    )
    let existing = ExistingSidecar(pod, configurationHash: configurationHash)
    let apps = Self.others(pod.containers, existing.containers)
    let initApps = Self.others(pod.initContainers, existing.initContainers)
    var longRunning = apps
    for app in initApps where app.view.has("restartPolicy", "Always") { longRunning.append(app) }
    try ProxyUser.check(pod, longRunning, proxy: settings.proxy)
    ProxyUser.warn(pod, initApps, proxy: settings.proxy, &warnings)

    let isNative = try SidecarPlan.isNative(shared.settings.nativeSidecar, context.cluster)
    let waits = shared.settings.holdApplication
    var patch = PatchWriter()
    var probes = AppProbes(recorded: existing.recordedProbes?.root)
    for container in apps {
      let rewrite = shared.settings.rewriteProbes
      try probes.visit(
        .init(container: container, list: "/spec/containers", rewrite: rewrite, waits: waits),
        patch: &patch,
        warnings: &warnings
      )
    }
    for container in initApps {
      // A classic sidecar starts after the init containers: it would be waited for in vain.
      let rewrite = shared.settings.rewriteProbes && isNative
      try probes.visit(
        .init(container: container, list: "/spec/initContainers", rewrite: rewrite, waits: waits),
        patch: &patch,
        warnings: &warnings
      )
    }

    var status = InjectionStatus()
    status.version = version
    status.revision = settings.revision
    status.configHash = configurationHash
    var metadata = MetadataEdits(
      pod: pod,
      firstApp: apps.first?.view,
      workload: context.workload?.name,
      prometheus: shared.settings.prometheus,
      prior: existing.prior,
      status: &status
    )
    let plan = SidecarPlan(
      fragments: fragments,
      shared: shared,
      isNative: isNative,
      view: pod,
      apps: longRunning,
      appProbes: probes.environment,
      appMetrics: metadata.appMetrics
    )
    plan.warn(apps: longRunning, pod: pod, workload: context.workload, &warnings)

    try write(plan, pod, existing, &status, to: &patch)
    metadata.write(to: &patch, pod: pod, status: status.annotation)
    return patch
  }

  private func write(
    _ plan: SidecarPlan,
    _ pod: PodView,
    _ existing: ExistingSidecar,
    _ status: inout InjectionStatus,
    to patch: inout PatchWriter
  ) throws(Denial) {
    let proxy = (name: MeshNames.proxyContainer, json: try plan.patched(plan.proxyContainer(), .proxy))
    let redirect = (name: MeshNames.initContainer, json: try plan.patched(plan.initContainer(), .initContainer))
    try existing.checkReservedNames(
      pod,
      desired: { name in
        switch name {
        case proxy.name: proxy.json
        case redirect.name: redirect.json
        default: volumes.volumes.first { $0.name == name }?.json
        }
      }
    )

    let created = CreatedLists(pod: pod, prior: existing.prior)
    let lists = PodLists(pod: pod, existing: existing)
    if plan.isNative {
      lists.initContainers.write(front: [redirect, proxy], back: [], to: &patch)
      lists.containers.write(front: [], back: [], to: &patch)
      status.initContainers = [redirect.name, proxy.name]
    } else {
      lists.initContainers.write(front: [], back: [redirect], to: &patch)
      lists.containers.write(front: [proxy], back: [], to: &patch)
      status.initContainers = [redirect.name]
      status.containers = [proxy.name]
    }
    status.volumes = lists.writeVolumes(volumes, existing, to: &patch)
    status.imagePullSecrets = lists.writePullSecrets(settings.imagePullSecrets, prior: existing.prior, to: &patch)
    created.record(in: &status)
  }

  /// A Pod with thousands of mistakes gets no answer that is larger than itself.
  private static func capped(_ warnings: [String]) -> [String] {
    let limit = InjectionOutcome.maximumWarnings
    guard warnings.count > limit else { return warnings }
    return warnings.prefix(limit - 1) + ["and more warnings than can be shown"]
  }

  private static func others(_ list: [JSONView], _ ours: [Int]) -> [AppContainer] {
    let ours = Set(ours)
    var others: [AppContainer] = []
    others.reserveCapacity(list.count)
    for (index, view) in list.enumerated() where !ours.contains(index) {
      others.append(AppContainer(view, index: index))
    }
    return others
  }
}
