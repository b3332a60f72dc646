package import CallerAuthentication
import FoundationEssentials
package import Injection
package import KubernetesAPI
package import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
import SPIFFE
import ServiceLifecycle
package import WorkloadDiscovery

/// The Pods and ServiceAccounts of the cluster, as far as tokens are bound to them.
package final class BoundObjects: Service {
  /// Objects that have ended, the last so many of each kind, some hundred bytes each.
  private static let rememberedEnds = 16 * 1024

  private struct Memory {
    var pods = EndedUIDs(capacity: BoundObjects.rememberedEnds)
    var serviceAccounts = EndedUIDs(capacity: BoundObjects.rememberedEnds)
    var listeners: [@Sendable ([EndedObject]) -> Void] = []
    var sidecarListeners: [@Sendable ([SidecarChange]) -> Void] = []
    var endpointListeners: [@Sendable ([PodEndpointChange]) -> Void] = []
    var labelListeners: [@Sendable ([MeshedPodChange]) -> Void] = []
  }

  private let pods: Informer<BoundPod>
  private let serviceAccounts: Informer<BoundServiceAccount>
  private let metrics: ClusterIdentityMetrics
  private let memory = NIOLockedValueBox(Memory())

  /// - Parameters:
  ///   - sidecar: what is kept of a Pod for ``onSidecars(_:)``, so that nobody has to watch all Pods a second time.
  ///   - endpoint: the same for ``onEndpoints(_:)``.
  ///   - keepsLabels: of Pods that have a sidecar, for ``onLabels(_:)``.
  ///   - draw: chance, 0 to 1.
  package init(
    _ client: any KubernetesClient,
    sidecar: @escaping @Sendable (JSONView) -> PodSidecar? = { _ in nil },
    endpoint: @escaping @Sendable (JSONView) -> PodEndpoint? = { _ in nil },
    keepsLabels: Bool = false,
    backoff: Backoff = Backoff(),
    time: Timekeeper = Timekeeper(),
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    metrics: ClusterIdentityMetrics,
    logger: Logger
  ) {
    self.metrics = metrics
    let (reader, labels) = (SidecarReader(sidecar), LabelReader())
    pods = Informer(
      client,
      .pods,
      projection: { pod in
        let sidecar = reader.sidecar(pod)
        let isWanted = keepsLabels && sidecar?.value.hasProxy == true
        return BoundPod(
          pod,
          sidecar: sidecar,
          endpoint: endpoint(pod),
          labels: isWanted ? labels.labels(pod) : nil
        )
      },
      backoff: backoff,
      time: time,
      draw: draw,
      logger: logger
    )
    serviceAccounts = Informer(
      client,
      .serviceAccounts,
      projection: { BoundServiceAccount($0) },
      backoff: backoff,
      time: time,
      draw: draw,
      logger: logger
    )
    pods.onChange { [weak self] changes in
      self?.take(changes.compactMap { EndedObject(pod: $0) })
      self?.tellSidecars(changes)
      self?.tellEndpoints(changes)
      self?.tellLabels(changes)
    }
    serviceAccounts.onChange { [weak self] changes in
      self?.take(changes.compactMap { EndedObject(serviceAccount: $0) })
    }
  }

  package func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.pods.run() }
      group.addTask { try await self.serviceAccounts.run() }
      try await group.waitForAll()
    }
  }

  /// Whether everything was listed once.
  package var hasSynced: Bool { pods.hasSynced && serviceAccounts.hasSynced }

  package func waitUntilSynced() async throws {
    try await pods.waitUntilSynced()
    try await serviceAccounts.waitUntilSynced()
  }

  /// For how long nothing was heard of one of the kinds; nil until everything was listed once.
  package var silence: Duration? {
    guard hasSynced, let ofPods = pods.silence, let ofAccounts = serviceAccounts.silence else { return nil }
    return max(ofPods, ofAccounts)
  }

  /// What is in the way now; nil while all is well.
  package var problem: String? { (pods.problem ?? serviceAccounts.problem)?.description }

  func judge(_ token: ServiceAccountToken, now: Date) -> BoundObjectVerdict {
    let namespace = token.identity.namespace
    // The silence first: what is heard after it only makes the rest younger.
    var seen = BoundObjectsSeen(silence: silence)
    memory.withLockedValue { memory in
      seen.podIsGone = token.pod.map { memory.pods.contains($0.uid) } ?? false
      seen.serviceAccountIsGone = memory.serviceAccounts.contains(token.serviceAccountUID)
    }
    seen.pod = token.pod.flatMap { pods[ObjectKey(namespace: namespace, name: $0.name)] }
    seen.serviceAccount = serviceAccounts[ObjectKey(namespace: namespace, name: token.identity.serviceAccount)]
    return seen.judge(token, now: now)
  }

  // MARK: What has ended

  /// Calls `listener` with each object that ends from now on, on an informer's task: streams of callers that are bound to
  /// it have to end too. To be called before this runs.
  package func onEnd(_ listener: @escaping @Sendable ([EndedObject]) -> Void) {
    memory.withLockedValue { $0.listeners.append(listener) }
  }

  /// Whether something that the caller's credential is bound to is known to have ended. To be asked once the caller's
  /// stream is where ``onEnd(_:)`` finds it: what ended between authentication and that is told here.
  package func hasEnded(_ caller: Caller) -> Bool {
    memory.withLockedValue { memory in
      caller.pod.map { memory.pods.contains($0.uid) } ?? false
        || caller.serviceAccountUID.map { memory.serviceAccounts.contains($0) } ?? false
    }
  }

  /// Calls `listener` with what becomes of Pods' sidecars, on an informer's task, in order. To be called before this runs.
  package func onSidecars(_ listener: @escaping @Sendable ([SidecarChange]) -> Void) {
    memory.withLockedValue { $0.sidecarListeners.append(listener) }
  }

  private func tellSidecars(_ changes: [InformerChange<BoundPod>]) {
    let listeners = memory.withLockedValue { $0.sidecarListeners }
    guard !listeners.isEmpty else { return }
    let told = changes.compactMap { SidecarChange($0) }
    guard !told.isEmpty else { return }
    for listener in listeners { listener(told) }
  }

  /// Calls `listener` with what becomes of Pods' addresses, on an informer's task, in order. To be called before this runs.
  package func onEndpoints(_ listener: @escaping @Sendable ([PodEndpointChange]) -> Void) {
    memory.withLockedValue { $0.endpointListeners.append(listener) }
  }

  private func tellEndpoints(_ changes: [InformerChange<BoundPod>]) {
    let listeners = memory.withLockedValue { $0.endpointListeners }
    guard !listeners.isEmpty else { return }
    let told = changes.flatMap { PodEndpointChange.of($0) }
    guard !told.isEmpty else { return }
    for listener in listeners { listener(told) }
  }

  /// Calls `listener` with what becomes of the labels of Pods with a sidecar, on an informer's task, in order. To be called
  /// before this runs.
  package func onLabels(_ listener: @escaping @Sendable ([MeshedPodChange]) -> Void) {
    memory.withLockedValue { $0.labelListeners.append(listener) }
  }

  private func tellLabels(_ changes: [InformerChange<BoundPod>]) {
    let listeners = memory.withLockedValue { $0.labelListeners }
    guard !listeners.isEmpty else { return }
    let told = changes.compactMap { MeshedPodChange($0) }
    guard !told.isEmpty else { return }
    for listener in listeners { listener(told) }
  }

  private func take(_ ended: [EndedObject]) {
    guard !ended.isEmpty else { return }
    let listeners = memory.withLockedValue { memory in
      for object in ended {
        switch object {
        case .pod(let uid): memory.pods.insert(uid)
        case .serviceAccount(let uid): memory.serviceAccounts.insert(uid)
        }
      }
      return memory.listeners
    }
    metrics.objectsEnded(ended.count)
    for listener in listeners { listener(ended) }
  }
}

extension SidecarChange {
  /// Nil for what changes nothing of it.
  fileprivate init?(_ change: InformerChange<BoundPod>) {
    let (before, after): (PodSidecar?, PodSidecar?) =
      switch change {
      case .added(_, let pod): (nil, pod.sidecar?.value)
      case .changed(_, let from, let to): (from.sidecar?.value, to.sidecar?.value)
      case .removed(_, let pod): (pod.sidecar?.value, nil)
      }
    guard before != after, let namespace = change.key.namespace else { return nil }
    self.init(namespace: namespace, before: before, after: after)
  }
}

extension MeshedPodChange {
  /// Nil for what changes nothing of it.
  fileprivate init?(_ change: InformerChange<BoundPod>) {
    let (before, after): (SharedLabels?, SharedLabels?) =
      switch change {
      case .added(_, let pod): (nil, pod.labels)
      case .changed(_, let from, let to): (from.labels, to.labels)
      case .removed(_, let pod): (pod.labels, nil)
      }
    guard before != after, let namespace = change.key.namespace else { return nil }
    self.init(namespace: namespace, name: change.key.name, labels: after?.value)
  }
}
