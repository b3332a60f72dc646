package import KubernetesAPI
package import Logging
import NIOConcurrencyHelpers
package import PluginConfiguration
import ServiceLifecycle

/// Follows the cluster's configs, judges them, and hands what can be applied to the hub. The kind need not be there: it is
/// looked for until it is, and again when it has gone.
package final class PluginConfigWatch: Service {
  private struct Memory {
    var check: PluginConfigCheck
    var stored: [PluginConfigKey: StoredPluginConfig] = [:]
    var problems: [PluginConfigKey: [PluginConfigProblem]] = [:]
    var isInstalled: Bool?
    var problem: APIError?
  }

  /// Between looks for a kind that is not there, or that may have gone.
  static let pulse = Duration.seconds(5)

  private let client: any KubernetesClient
  private let hub: PluginHub
  private let waitForPods: @Sendable () async throws -> Void
  private let onChange: @Sendable () -> Void
  private let time: Timekeeper
  private let logger: Logger
  private let memory: NIOLockedValueBox<Memory>

  /// - Parameters:
  ///   - waitForPods: returns when all Pods are known: before, nobody is told what is not meant for it.
  ///   - onChange: called after configs, or what is to be said of them, have changed; it returns at once.
  package init(
    client: any KubernetesClient,
    hub: PluginHub,
    check: PluginConfigCheck,
    waitForPods: @escaping @Sendable () async throws -> Void,
    onChange: @escaping @Sendable () -> Void,
    time: Timekeeper = Timekeeper(),
    logger: Logger
  ) {
    self.client = client
    self.hub = hub
    self.waitForPods = waitForPods
    self.onChange = onChange
    self.time = time
    self.logger = logger
    memory = NIOLockedValueBox(Memory(check: check))
  }

  // MARK: What is known

  /// Everything that is known of a config's object: what is stored, and why it is not applied.
  package struct Known: Sendable {
    package var stored: StoredPluginConfig
    package var problems: [PluginConfigProblem]
  }

  package var configs: [Known] {
    memory.withLockedValue { memory in
      memory.stored.values.sorted { $0.key < $1.key }.map {
        Known(stored: $0, problems: memory.problems[$0.key] ?? [])
      }
    }
  }

  /// Nil until the API server has said so.
  package var isInstalled: Bool? { memory.withLockedValue { $0.isInstalled } }

  /// Judges by other rules from now on, what is there already too.
  package func replace(_ check: PluginConfigCheck) {
    let stored = memory.withLockedValue { memory in
      memory.check = check
      return Array(memory.stored.values)
    }
    take(stored.map { ($0.key, $0) })
  }

  // MARK: Keeping it current

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      try? await self.waitForPods()
      while !Task.isCancelled {
        guard await self.waitUntilInstalled() else { return }
        await self.follow()
        if !Task.isCancelled { self.forgetAll() }
      }
    }
  }

  private func waitUntilInstalled() async -> Bool {
    while !Task.isCancelled {
      do throws(APIError) {
        _ = try await client.list(.pluginConfigs, ListQuery(limit: 1))
        note(isInstalled: true, nil)
        return true
      } catch {
        note(isInstalled: error.isNotFound ? false : nil, error)
        // Then there are none.
        if error.isNotFound { hub.becomeReady() }
      }
      try? await time.sleep(Self.pulse)
    }
    return false
  }

  private func note(isInstalled: Bool?, _ error: APIError?) {
    let isNew = memory.withLockedValue { memory in
      defer {
        memory.isInstalled = isInstalled ?? memory.isInstalled
        memory.problem = error
      }
      let isKnown = isInstalled == nil || memory.isInstalled == isInstalled
      return memory.problem?.description != error?.description || !isKnown
    }
    guard isNew else { return }
    switch (isInstalled, error) {
    case (true?, _): logger.info("Plugin configurations are followed")
    case (false?, _):
      logger.info("Plugin configurations are not installed; they are found when they are (manifests/plugins)")
    case (nil, let error?) where !error.isCancelled:
      logger.warning("Plugin configurations can't be read", metadata: ["error": "\(error)"])
    default: break
    }
  }

  /// Until the kind has gone, or the task is cancelled.
  private func follow() async {
    let informer = Informer<StoredPluginConfig>(
      client,
      .pluginConfigs,
      projection: { StoredPluginConfig($0) },
      time: time,
      logger: logger
    )
    informer.onChange { [weak self] changes in self?.take(changes) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await informer.run() }
      group.addTask {
        guard (try? await informer.waitUntilSynced()) != nil else { return }
        self.hub.becomeReady()
        self.onChange()
        while !Task.isCancelled, informer.problem?.isNotFound != true { try? await self.time.sleep(Self.pulse) }
      }
      await group.next()
      group.cancelAll()
    }
  }

  private func forgetAll() {
    let keys = memory.withLockedValue { Array($0.stored.keys) }
    take(keys.map { ($0, nil) })
  }

  private func take(_ changes: [InformerChange<StoredPluginConfig>]) {
    take(
      changes.compactMap { change in
        switch change {
        case .added(_, let stored), .changed(_, _, let stored): (stored.key, stored)
        case .removed(_, let stored): (stored.key, nil)
        }
      }
    )
  }

  private func take(_ changes: [(key: PluginConfigKey, stored: StoredPluginConfig?)]) {
    let applied = memory.withLockedValue { memory in
      changes.map { key, stored -> (key: PluginConfigKey, config: PluginConfig?) in
        memory.stored[key] = stored
        memory.problems[key] = nil
        guard let stored else { return (key, nil) }
        let result = memory.check.check(stored.object)
        if !result.problems.isEmpty { memory.problems[key] = result.problems }
        return (key, result.config)
      }
    }
    hub.take(applied)
    onChange()
  }
}
