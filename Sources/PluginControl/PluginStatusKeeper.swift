package import CoreMetrics
package import KubernetesAPI
import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
package import PluginConfiguration
import ServiceLifecycle

/// Something that a person should see at a config.
package struct PluginNotice: Sendable, Hashable {
  package var key: PluginConfigKey
  package var uid: String
  /// In one word.
  package var reason: String
  package var message: String
}

/// Keeps the status of every config right. Every replica tells the others what its sidecars have; whoever leads adds it up
/// and writes.
package final class PluginStatusKeeper: Service {
  /// What comes in between is written at once.
  static let gathering = Duration.milliseconds(500)
  static let pulse = Duration.seconds(5)

  private let client: any KubernetesClient
  private let hub: PluginHub
  private let watch: PluginConfigWatch
  private let reports: PluginReports
  private let leads: @Sendable () -> Bool
  private let now: @Sendable () -> String
  private let onNotice: @Sendable (PluginNotice) -> Void
  private let time: Timekeeper
  private let logger: Logger
  private let bell: PluginBell
  private let gauges: [String: Gauge]
  private let problem = NIOLockedValueBox<APIError?>(nil)
  /// What was written, until the watch tells it back.
  private let written = NIOLockedValueBox<[PluginConfigKey: Written]>([:])

  private struct Written {
    /// Another object of the name has a status of its own.
    var uid: String
    var before: JSONValue?
    var status: JSONValue
  }

  /// - Parameters:
  ///   - leads: whether this replica writes statuses now.
  ///   - now: as the API server writes times.
  ///   - onNotice: called by whoever leads when something went wrong with a config.
  package init(
    client: any KubernetesClient,
    hub: PluginHub,
    watch: PluginConfigWatch,
    reports: PluginReports,
    bell: PluginBell,
    leads: @escaping @Sendable () -> Bool,
    now: @escaping @Sendable () -> String,
    onNotice: @escaping @Sendable (PluginNotice) -> Void,
    time: Timekeeper = Timekeeper(),
    metrics factory: any MetricsFactory,
    logger: Logger
  ) {
    self.client = client
    self.hub = hub
    self.watch = watch
    self.reports = reports
    self.bell = bell
    self.leads = leads
    self.now = now
    self.onNotice = onNotice
    self.time = time
    self.logger = logger
    gauges = ["accepted", "invalid", "conflicted"].reduce(into: [:]) { gauges, state in
      gauges[state] = Gauge(label: "amesh_plugin_configs", dimensions: [("state", state)], factory: factory)
    }
    hub.onChange { bell.ring() }
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          while !Task.isCancelled {
            try? await self.time.sleep(Self.pulse)
            self.bell.ring()
          }
        }
        for await _ in self.bell.rings {
          await self.round()
          try? await self.time.sleep(Self.gathering)
          if Task.isCancelled { break }
        }
        group.cancelAll()
      }
    }
  }

  /// Tells and writes what is new.
  func round() async {
    guard hub.isReady else { return }
    let own = hub.standings
    await reports.tell(own)
    let configs = watch.configs
    let (selected, conflicts) = hub.read { ($0.selected, $0.conflicts) }
    var ofConfig: [PluginConfigKey: [PluginSet.Conflict]] = [:]
    for conflict in conflicts {
      ofConfig[conflict.winner, default: []].append(conflict)
      ofConfig[conflict.loser, default: []].append(conflict)
    }
    let invalid = configs.count { !$0.problems.isEmpty }
    gauges["invalid"]?.record(invalid)
    gauges["accepted"]?.record(configs.count - invalid)
    gauges["conflicted"]?.record(ofConfig.count)
    guard leads() else { return written.withLockedValue { $0 = [:] } }
    let keys = Set(configs.map(\.stored.key))
    written.withLockedValue { $0 = $0.filter { keys.contains($0.key) } }
    await reports.forgetTheDead()
    let standings = reports.others + [own]
    for known in configs where !Task.isCancelled {
      let key = known.stored.key
      var facts = PluginConfigFacts(generation: known.stored.generation)
      facts.problems = known.problems
      facts.plugins = known.stored.plugins
      if let version = hub.read({ $0[key]?.version }) {
        let sum = StandingReport.sum(standings, of: key, version: version)
        facts.selected = selected[key] ?? 0
        // A Pod's stream may move from one replica to another: for a moment both tell of it.
        facts.acknowledged = min(sum.acknowledged, facts.selected)
        facts.refused = sum.refused
        facts.refusal = sum.refusal ?? ""
        facts.conflicts = ofConfig[key] ?? []
      }
      await write(facts, of: known.stored)
    }
  }

  private func write(_ facts: PluginConfigFacts, of stored: StoredPluginConfig) async {
    let previous = previous(stored)
    let status = PluginConfigStatus.status(of: stored.key, facts, previous: previous, now: now())
    guard status != previous else { return }
    do throws(APIError) {
      // Of that very object: another one of its name has a status of its own.
      let patch: JSONValue = ["metadata": ["uid": .string(stored.uid)], "status": status]
      let key = ObjectKey(namespace: stored.key.namespace, name: stored.key.name)
      _ = try await client.patch(.pluginConfigs, key, .merge(patch), subresource: "status")
      written.withLockedValue { $0[stored.key] = Written(uid: stored.uid, before: stored.status, status: status) }
      note(nil)
      tell(status, before: previous, of: stored)
    } catch {
      if !error.isNotFound, !error.isConflict { note(error) }
    }
  }

  /// The status that is there: what was written last, unless the watch has told another one since.
  private func previous(_ stored: StoredPluginConfig) -> JSONValue? {
    written.withLockedValue { written in
      guard let last = written[stored.key] else { return stored.status }
      if last.uid == stored.uid, last.before == stored.status { return last.status }
      written[stored.key] = nil
      return stored.status
    }
  }

  private func tell(_ status: JSONValue, before: JSONValue?, of stored: StoredPluginConfig) {
    for (type, bad, reason) in [
      ("Accepted", "False", "PluginConfigInvalid"), ("Conflicted", "True", "PluginConfigConflict"),
    ] {
      let (new, old) = (Self.condition(type, status), Self.condition(type, before))
      guard new?["status"]?.string == bad, let message = new?["message"]?.string, message != old?["message"]?.string
      else { continue }
      onNotice(PluginNotice(key: stored.key, uid: stored.uid, reason: reason, message: message))
    }
  }

  private static func condition(_ type: String, _ status: JSONValue?) -> JSONValue? {
    status?["conditions"]?.array?.first { $0["type"]?.string == type }
  }

  private func note(_ error: APIError?) {
    let isNew = problem.withLockedValue { problem in
      defer { problem = error }
      return problem?.description != error?.description
    }
    if isNew, let error, !error.isCancelled {
      logger.warning("The status of plugin configurations can't be written", metadata: ["error": "\(error)"])
    }
  }
}

/// Rung many times before somebody looks, it is looked once.
package final class PluginBell: Sendable {
  let rings: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  package init() {
    (rings, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  package func ring() { continuation.yield() }
}
