import APISIXSink
import Logging
import MeshResources
import SidecarSettings
import Synchronization
import XDSClient
import XDSProtocol

/// What becomes of a client's reports.
final class Pipeline<Translation: ObjectTranslation, Dictionary: SharedDictionary & Sendable>: Sendable {
  private let translation: Mutex<Translation>
  private let security: SecurityService<Dictionary>
  private let logger: Logger

  init(translation: Translation, security: SecurityService<Dictionary>, logger: Logger) {
    self.translation = Mutex(translation)
    self.security = security
    self.logger = logger
  }

  var remarks: [TranslationRemark] { translation.withLock { $0.remarks } }

  func take(_ report: XDSClientReport<MeshResource>) {
    switch report {
    case .apply(let change): security.apply(translation.withLock { $0.apply(change) })
    case .ready: security.complete()
    case .connected(let source): logger.info("connected to the control plane", metadata: ["source": "\(source)"])
    case .disconnected(let source, let reason, let wait):
      logger.warning(
        "not connected to the control plane; the last configuration stays",
        metadata: ["source": "\(source?.description ?? "")", "reason": "\(reason)", "retryIn": "\(wait)"]
      )
    case .fallsBack(let source):
      logger.notice(
        "the control plane has no delta xDS; asking for the state of the world",
        metadata: ["source": "\(source)"]
      )
    case .refused(let refusal):
      logger.error(
        "resource refused; the last good one stays",
        metadata: [
          "type": "\(refusal.resource.typeURL)", "name": "\(refusal.resource.name)", "reason": "\(refusal.reason)",
        ]
      )
    case .unexpected(let typeURL):
      logger.warning("the control plane sent a type that was not asked for", metadata: ["type": "\(typeURL)"])
    }
  }
}
