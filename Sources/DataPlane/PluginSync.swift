import APISIXSink
import Logging
package import PluginConfiguration
package import RoutePlugins
package import SidecarSettings
import Synchronization
import XDSClient

/// Plugins on their way from a control plane into routes: applied, kept for the next process, and acknowledged once APISIX
/// sees them.
final class PluginSync<Translation: ObjectTranslation, Dictionary: SharedDictionary & Sendable>: Sendable {
  private struct Memory {
    var response: PluginResponse?
    /// It comes from a process before this one, not from a control plane.
    var isKept = false
    var acknowledged: Acknowledged?
  }

  private struct Acknowledged: Equatable {
    var revision: String
    var refusals: [PluginConfigKey: String]
  }

  private let pipeline: Pipeline<Translation, Dictionary>
  private let sink: SinkService<Dictionary>
  private let memo: PluginMemo<Dictionary>
  private let logger: Logger
  private let memory = Mutex(Memory())
  private let client = Mutex<PluginClient?>(nil)

  init(
    pipeline: Pipeline<Translation, Dictionary>,
    sink: SinkService<Dictionary>,
    memo: PluginMemo<Dictionary>,
    logger: Logger
  ) {
    self.pipeline = pipeline
    self.sink = sink
    self.memo = memo
    self.logger = logger
  }

  /// - Parameter client: what it reports comes here.
  func begin(_ client: PluginClient) {
    self.client.withLock { $0 = client }
    guard let kept = memo.read() else { return }
    memory.withLock { memory in
      memory.response = kept
      memory.isKept = true
    }
    pipeline.take(kept.parts)
  }

  /// Without a control plane for plugins there are none, whatever there was before.
  func forget() { memo.write([]) }

  func take(_ report: PluginClientReport) {
    switch report {
    case .connected(let source):
      logger.info("connected for plugins", metadata: ["source": "\(source)"])
      memory.withLock { $0.acknowledged = nil }
    case .received(let response, let bytes): take(response, bytes)
    case .disconnected(let source, let reason, let wait):
      logger.notice(
        "not connected for plugins; the last ones stay",
        metadata: ["source": "\(source?.description ?? "")", "reason": "\(reason)", "retryIn": "\(wait)"]
      )
      pipeline.goOn()
    }
  }

  private func take(_ response: PluginResponse, _ bytes: [UInt8]) {
    memory.withLock { memory in
      memory.response = response
      memory.isKept = false
      memory.acknowledged = nil
    }
    pipeline.take(response.parts)
    memo.write(response.parts.isEmpty ? [] : bytes)
    logger.info(
      "plugins received",
      metadata: ["revision": "\(response.revision)", "configs": "\(response.parts.count)"]
    )
    if sink.status.isSettled { settled() }
  }

  /// APISIX's workers see all that is wanted.
  func settled() {
    guard let response = memory.withLock({ $0.isKept ? nil : $0.response }) else { return }
    let plugins = pipeline.plugins
    // Not yet what was received: another look follows when that is written.
    guard plugins.current == response.parts else { return }
    let refusals = response.refusals.merging(plugins.refusals) { "\($0); \($1)" }
    let new = Acknowledged(revision: response.revision, refusals: refusals)
    let isNew = memory.withLock { memory in
      guard memory.response?.revision == response.revision, memory.acknowledged != new else { return false }
      memory.acknowledged = new
      return true
    }
    guard isNew else { return }
    for (config, reason) in refusals.sorted(by: { $0.key < $1.key }) {
      logger.warning("a plugin can't be applied everywhere", metadata: ["config": "\(config)", "reason": "\(reason)"])
    }
    client.withLock { $0 }?.acknowledge(response.revision, refusals: refusals)
  }

  var status: PluginStatus {
    let connection = client.withLock { $0 }?.status
    let plugins = pipeline.plugins
    return memory.withLock { memory in
      PluginStatus(
        source: connection?.source,
        lastFailure: connection?.lastFailure,
        revision: memory.response?.revision,
        isKept: memory.isKept,
        isAcknowledged: memory.acknowledged != nil,
        unreadable: memory.response?.refusals ?? [:],
        parts: plugins.current,
        effects: plugins.effects
      )
    }
  }
}

/// What is to be told of plugins at one moment.
package struct PluginStatus: Sendable {
  package var source: XDSSource?
  package var lastFailure: String?
  package var revision: String?
  package var isKept: Bool
  package var isAcknowledged: Bool
  package var unreadable: [PluginConfigKey: String]
  package var parts: [PluginSet.Part]
  package var effects: [RoutePlugins.Effect]

  package init(
    source: XDSSource? = nil,
    lastFailure: String? = nil,
    revision: String? = nil,
    isKept: Bool = false,
    isAcknowledged: Bool = false,
    unreadable: [PluginConfigKey: String] = [:],
    parts: [PluginSet.Part] = [],
    effects: [RoutePlugins.Effect] = []
  ) {
    self.source = source
    self.lastFailure = lastFailure
    self.revision = revision
    self.isKept = isKept
    self.isAcknowledged = isAcknowledged
    self.unreadable = unreadable
    self.parts = parts
    self.effects = effects
  }
}

/// The last plugins, in the version's dictionary: a process that follows this one has them before a control plane answers,
/// so that nothing is served without them in between.
struct PluginMemo<Dictionary: SharedDictionary & Sendable>: Sendable {
  private static var key: String { "amesh/plugins" }
  /// The dictionary is small; what is larger is waited for.
  private static var maximumBytes: Int { 128 << 10 }

  let dictionary: Dictionary

  func read() -> PluginResponse? {
    guard let bytes = try? dictionary.value(of: Self.key, in: .version) else { return nil }
    return PluginResponse(bytes: bytes)
  }

  /// Nothing: there are none. What can't be kept is only missed by the next process for a moment.
  func write(_ bytes: [UInt8]) {
    if bytes.isEmpty || bytes.count > Self.maximumBytes {
      try? dictionary.remove(Self.key, in: .version)
    } else {
      try? dictionary.set(bytes, for: Self.key, in: .version)
    }
  }
}
