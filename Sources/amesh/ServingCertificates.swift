import AdmissionWebhook
import Foundation
import Injection
import Logging
import MeshConfiguration
import ServiceLifecycle
import ServingCertificate

/// Where the webhook's certificate comes from: files that are configured, or a self-made one in the state directory.
struct ServingCertificates {
  let store: ServingCertificateStore
  private let files: ServingCertificateFiles
  /// Nil when the files are someone else's.
  private let directory: ServingCertificateDirectory?

  init(server: ServerSettings, mesh: MeshSettings, logger: Logger) throws(Failure) {
    do {
      if let chain = server.webhook.certificateFile, let key = server.webhook.privateKeyFile {
        files = ServingCertificateFiles(chainPath: chain, keyPath: key)
        directory = nil
        store = try ServingCertificateStore(try files.load())
      } else {
        let directory = ServingCertificateDirectory(
          path: server.stateDirectory + "/serving",
          names: server.certificateNames(controlPlaneNamespace: mesh.controlPlane.namespace)
        )
        files = directory.files
        self.directory = directory
        store = try ServingCertificateStore(
          try directory.loadOrMake(now: Date()) { Self.warn(directory, logger) }
        )
        logger.info("serving a self-made certificate", metadata: ["ca": .string(directory.authorityPath)])
      }
    } catch {
      throw Failure(.configuration, "server.webhook.certificateFile: \(error)")
    }
  }

  /// Serves what the files hold, as they change, and renews what is self-made.
  func watcher(metrics: WebhookMetrics, logger: Logger) -> CertificateWatcher {
    let directory = directory
    return CertificateWatcher(files: files, store: store, metrics: metrics, logger: logger) {
      if let directory { _ = try directory.loadOrMake(now: Date()) { Self.warn(directory, logger) } }
    }
  }

  private static func warn(_ directory: ServingCertificateDirectory, _ logger: Logger) {
    logger.warning(
      "the self-made CA is a new one: every client has to take the new ca.crt, caBundle of the webhook configuration too",
      metadata: ["ca": .string(directory.authorityPath)]
    )
  }
}
