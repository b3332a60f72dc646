import APISIXSink
import Logging
import MeshResources
import PluginConfiguration
import RoutePlugins
import SidecarSettings
import Synchronization
import XDSClient
import XDSProtocol

/// What becomes of a client's reports.
final class Pipeline<Translation: ObjectTranslation, Dictionary: SharedDictionary & Sendable>: Sendable {
  private let translation: Mutex<Translation>
  private let security: SecurityService<Dictionary>
  private let logger: Logger
  private let start: Mutex<Start>

  /// What the first configuration waits for.
  private struct Start {
    var needsMesh = true
    var needsPlugins: Bool
  }

  /// - Parameter waitsForPlugins: whether the first configuration does, until ``goOn()`` at the latest: no request is to be
  ///   served without plugins that will be there a moment later.
  init(
    translation: Translation,
    security: SecurityService<Dictionary>,
    waitsForPlugins: Bool = false,
    logger: Logger
  ) {
    self.translation = Mutex(translation)
    self.security = security
    self.logger = logger
    start = Mutex(Start(needsPlugins: waitsForPlugins))
  }

  var plugins: RoutePlugins { translation.withLock { $0.plugins } }

  /// Another set of plugins.
  func take(_ parts: [PluginSet.Part]) {
    // Under the lock: a change that is older must not come after it.
    translation.withLock { security.apply($0.apply(parts)) }
    goOn()
  }

  /// Plugins are there, or nobody waits for them any longer.
  func goOn() { went { $0.needsPlugins = false } }

  private func went(_ change: (inout Start) -> Void) {
    let isOver = start.withLock { start in
      change(&start)
      return !start.needsMesh && !start.needsPlugins
    }
    if isOver { security.complete() }
  }

  var remarks: [TranslationRemark] { translation.withLock { $0.remarks } }

  func take(_ report: XDSClientReport<MeshResource>) {
    switch report {
    case .apply(let change): translation.withLock { security.apply($0.apply(change)) }
    case .ready: went { $0.needsMesh = false }
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
