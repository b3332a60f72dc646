import AdmissionWebhook
import ClusterIdentity
import MeshConfiguration
import Synchronization

/// What the webhook answers by: the configuration that is in force and what the cluster can do, whichever changes.
final class ServedMesh: Sendable {
  let injector: CurrentInjector
  private let current: CurrentConfiguration
  private let version: ClusterVersion?
  /// One change at a time, so that the last one is what stays.
  private let turn = Mutex(())

  /// - Parameter version: of the cluster; nil where the configuration tells it.
  init(_ current: CurrentConfiguration, cluster version: ClusterVersion?) {
    self.current = current
    self.version = version
    let configuration = current.snapshot
    injector = CurrentInjector(
      configuration.injector,
      cluster: version?.capabilities ?? configuration.server.cluster
    )
    version?.onChange { [weak self] in self?.refresh() }
  }

  /// Serves what holds now.
  ///
  /// - Returns: the generation of it.
  @discardableResult
  func refresh() -> Int {
    turn.withLock { _ in
      let configuration = current.snapshot
      return injector.replace(
        configuration.injector,
        cluster: version?.capabilities ?? configuration.server.cluster
      )
    }
  }
}
