import AdmissionWebhook
import CertificateAuthority
import ControlPlane
import Foundation
import Injection
import Logging
import MeshAuthority
import MeshConfiguration
import OpenSSLKeys
import ServiceLifecycle
import ServingCertificate

/// Where the webhook's certificate comes from: files that are configured, the mesh's authority where the cluster learns of its
/// roots, or else a self-made one in the state directory.
struct ServingCertificates {
  let store: ServingCertificateStore
  /// Nil where there are none to follow.
  private let files: ServingCertificateFiles?
  /// Nil when the files are someone else's.
  private let directory: ServingCertificateDirectory?

  init(server: ServerSettings, mesh: MeshSettings, logger: Logger) throws(Failure) {
    do {
      if let chain = server.webhook.certificateFile, let key = server.webhook.privateKeyFile {
        let files = ServingCertificateFiles(chainPath: chain, keyPath: key)
        self.files = files
        directory = nil
        store = try ServingCertificateStore(try files.load())
      } else if server.mode == .kubernetes {
        // Nobody trusts this one: it is there until the authority has issued another, and until then we are not ready.
        let names = server.certificateNames(controlPlaneNamespace: mesh.controlPlane.namespace)
        let made = try SelfSignedServingCertificate.make(names: names, now: Date(), validity: 3600)
        (files, directory) = (nil, nil)
        store = try ServingCertificateStore(made.certificate)
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
  func watcher(metrics: WebhookMetrics, logger: Logger) -> CertificateWatcher? {
    guard let files else { return nil }
    let directory = directory
    return CertificateWatcher(files: files, store: store, metrics: metrics, logger: logger) {
      if let directory { _ = try directory.loadOrMake(now: Date()) { Self.warn(directory, logger) } }
    }
  }

  /// Serves what the mesh's authority issues for the webhook.
  func renewal(
    by authority: MeshAuthority,
    names: [String],
    metrics: WebhookMetrics,
    logger: Logger
  ) -> ServingCertificateRenewal {
    let store = store
    return ServingCertificateRenewal(authority: authority, keys: OpenSSL(), names: names, logger: logger) { issued in
      let keyPEM = issued.keyPEM.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
      try store.replace(try ServingCertificate(chainPEM: issued.chainPEM, keyPEM: keyPEM))
      metrics.certificateExpires(at: issued.notAfter.timeIntervalSince1970)
    }
  }

  private static func warn(_ directory: ServingCertificateDirectory, _ logger: Logger) {
    logger.warning(
      "the self-made CA is a new one: every client has to take the new ca.crt, caBundle of the webhook configuration too",
      metadata: ["ca": .string(directory.authorityPath)]
    )
  }
}
