package import KubernetesAPI
import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
import PluginConfiguration
import ServiceLifecycle

/// What replicas tell each other of their sidecars, in one ConfigMap with a key for each: every replica writes its own, by
/// server-side apply under a name of its own, and whoever leads adds them up.
package final class PluginReports: Service {
  private struct Memory {
    var written: String?
    var problem: APIError?
  }

  package static let configMap = "amesh-plugin-reports"

  private let client: any KubernetesClient
  private let key: ObjectKey
  private let replica: String
  private let live: @Sendable () -> Set<String>
  private let informer: Informer<[String: String]>
  private let logger: Logger
  private let memory = NIOLockedValueBox(Memory())

  /// - Parameters:
  ///   - namespace: the control plane's.
  ///   - live: the replicas that are alive, by their names.
  ///   - onChange: called when another replica has told something; it returns at once.
  package init(
    client: any KubernetesClient,
    namespace: String,
    replica: String,
    live: @escaping @Sendable () -> Set<String>,
    onChange: @escaping @Sendable () -> Void,
    time: Timekeeper = Timekeeper(),
    logger: Logger
  ) {
    self.client = client
    self.replica = replica
    self.live = live
    self.logger = logger
    key = ObjectKey(namespace: namespace, name: Self.configMap)
    informer = Informer(
      client,
      .configMaps,
      selection: ObjectSelection(namespace: namespace, fields: "metadata.name=\(Self.configMap)"),
      projection: { $0["data"]?.value.object.map { $0.reduce(into: [:]) { $0[$1.key] = $1.value.string } } },
      time: time,
      logger: logger
    )
    informer.onChange { _ in onChange() }
  }

  package func run() async throws { try await informer.run() }

  /// What live replicas tell, this one left out.
  var others: [[PluginConfigKey: PluginStanding]] {
    let live = live()
    return (informer[key] ?? [:]).filter { $0.key != replica && live.contains($0.key) }.map {
      StandingReport.standings($0.value)
    }
  }

  /// Tells what this replica's sidecars have, if it is news.
  func tell(_ standings: [PluginConfigKey: PluginStanding]) async {
    let text = StandingReport.text(standings)
    // Nothing at first is no news to anybody.
    guard memory.withLockedValue({ $0.written ?? "{}" }) != text || isLost(text) else { return }
    var object: JSONValue = [
      "apiVersion": "v1", "kind": "ConfigMap",
      "metadata": ["name": .string(key.name), "labels": ["app.kubernetes.io/part-of": "amesh"]],
      "data": .object(JSONObject([(replica, .string(text))])),
    ]
    object["metadata"]?["namespace"] = key.namespace.map { .string($0) }
    do throws(APIError) {
      try await client.apply(
        .configMaps,
        object,
        fieldManager: String("amesh-plugins-\(replica)".prefix(128)),
        force: true
      )
      memory.withLockedValue { $0.written = text }
      note(nil)
    } catch {
      note(error)
    }
  }

  /// Somebody has deleted what we wrote.
  private func isLost(_ text: String) -> Bool {
    text != "{}" && informer.hasSynced && informer[key]?[replica] == nil
  }

  /// Takes out what the dead have left; for whoever leads.
  func forgetTheDead() async {
    let live = live()
    let dead = (informer[key] ?? [:]).keys.filter { $0 != replica && !live.contains($0) }
    guard !dead.isEmpty else { return }
    let data = JSONObject(dead.map { ($0, JSONValue.null) })
    do throws(APIError) {
      try await client.patch(.configMaps, key, .merge(["data": .object(data)]))
    } catch {
      if !error.isNotFound { note(error) }
    }
  }

  private func note(_ error: APIError?) {
    let isNew = memory.withLockedValue { memory in
      defer { memory.problem = error }
      return memory.problem?.description != error?.description
    }
    if isNew, let error, !error.isCancelled {
      logger.warning("Other replicas can't be told of plugins", metadata: ["configMap": "\(key)", "error": "\(error)"])
    }
  }
}
