package import KubernetesAPI
package import Logging
import ServiceLifecycle

/// Tells when something becomes of a Secret, so that replicas follow within moments what another one, or a person, has
/// written. Of the Secret nothing is kept but its resourceVersion.
package struct SecretWatch: Service {
  private let informer: Informer<String>

  /// - Parameters:
  ///   - name: of a Secret in the control plane's namespace.
  ///   - onChange: called on the watch's task; not to wait for anything.
  package init(
    client: any KubernetesClient,
    names: ObjectNames,
    name: String,
    time: Timekeeper = Timekeeper(),
    logger: Logger,
    onChange: @escaping @Sendable () -> Void
  ) {
    informer = Informer(
      client,
      .secrets,
      selection: names.selection(name),
      projection: { ObjectMetadata(of: $0)?.resourceVersion },
      time: time,
      logger: logger
    )
    informer.onChange { _ in onChange() }
  }

  package func run() async throws { try await informer.run() }
}
