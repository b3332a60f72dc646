package import FoundationEssentials
package import Logging
import ServiceLifecycle
package import ServingCertificate

/// Serves the certificate that its files hold, as they change: mounted Secrets are swapped by a symbolic link, so it is
/// their contents that are compared. A replacement that can't be used is reported and the old one goes on.
package struct CertificateWatcher: Service {
  private let files: ServingCertificateFiles
  private let store: ServingCertificateStore
  private let interval: Duration
  private let metrics: WebhookMetrics
  private let logger: Logger
  private let renew: @Sendable () throws -> Void

  /// - Parameters:
  ///   - interval: between two looks at the files.
  ///   - renew: called before each look, for certificates that we make ourselves.
  package init(
    files: ServingCertificateFiles,
    store: ServingCertificateStore,
    interval: Duration = .seconds(5),
    metrics: WebhookMetrics = WebhookMetrics(),
    logger: Logger,
    renew: @escaping @Sendable () throws -> Void = {}
  ) {
    self.files = files
    self.store = store
    self.interval = interval
    self.metrics = metrics
    self.logger = logger
    self.renew = renew
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var watch = CertificateWatch()
      while !Task.isCancelled {
        look(&watch, now: Date())
        // Only cancellation ends the sleep early.
        try? await Task.sleep(for: interval)
      }
    }
  }

  /// Looks at the files once.
  package func look(_ watch: inout CertificateWatch, now: Date) {
    do {
      try renew()
    } catch {
      logger.error("The serving certificate can't be renewed", metadata: ["error": "\(error)"])
    }
    let found = Result { () throws(ServingCertificateError) in try files.read() }
    switch watch.saw(found, now: now) {
    case .nothing:
      break
    case .serve(let certificate):
      serve(certificate)
    case .wait(let problem):
      logger.warning("The new serving certificate is not complete yet", metadata: ["problem": "\(problem)"])
    case .complain(let problem):
      logger.error(
        "The new serving certificate can't be used; the old one is served on",
        metadata: ["problem": "\(problem)", "file": "\(files.chainPath)", "serving": "\(store.certificate)"]
      )
    }
  }

  private func serve(_ certificate: ServingCertificate) {
    guard certificate != store.certificate else { return }
    do {
      try store.replace(certificate)
    } catch {
      return logger.error("The new serving certificate is refused by TLS", metadata: ["error": "\(error)"])
    }
    metrics.certificateExpires(at: certificate.notValidAfter.timeIntervalSince1970)
    logger.info("Serving a new certificate", metadata: ["certificate": "\(certificate)"])
  }
}
