package import KubernetesAPI
import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Keeps the caBundle of a webhook configuration of our revision right, and touches nothing else.
///
/// Every replica does: whoever leads may be of another revision, and may not write this one's.
package final class WebhookPatcher: Service {
  static let fieldManager = "amesh-webhook"

  private struct Memory {
    var first = FirstTrust()
    var ledger = RetryLedger<String>(backoff: Backoff(first: .milliseconds(250), longest: .seconds(10)))
    var problem: APIError?
    /// Since when the configuration has been as it is.
    var changed = Duration.zero
  }

  /// All replicas know the same roots by then.
  static let settled = Duration.seconds(90)

  private let client: any KubernetesClient
  private let kind: WebhookKind
  private let name: String
  private let revision: String
  private let roots: @Sendable () -> String?
  private let time: Timekeeper
  private let draw: @Sendable () -> Double
  private let logger: Logger
  private let informer: Informer<WebhookObject>
  private let memory = NIOLockedValueBox(Memory())
  private let bell = Bell()

  /// - Parameters:
  ///   - kind: which configurations, and which of their webhooks are ours.
  ///   - name: of the configuration; others are not looked at.
  ///   - revision: ours; a configuration that is labelled with another one stays as it is.
  ///   - roots: PEM of all roots that a serving certificate may be under at this moment; nil while there are none.
  package init(
    client: any KubernetesClient,
    kind: WebhookKind = .injection,
    name: String,
    revision: String,
    roots: @escaping @Sendable () -> String?,
    time: Timekeeper = Timekeeper(),
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    logger: Logger
  ) {
    self.client = client
    self.kind = kind
    self.name = name
    self.revision = revision
    self.roots = roots
    self.time = time
    self.draw = draw
    self.logger = logger
    informer = Informer(
      client,
      kind.resource,
      selection: ObjectSelection(fields: "metadata.name=\(name)"),
      projection: { WebhookObject($0) },
      time: time,
      draw: draw,
      logger: logger
    )
    informer.onChange { [weak self] _ in self?.changed() }
  }

  /// Looks soon: roots have changed.
  package func look() { bell.ring() }

  /// How the configuration stands to what we serve with, as far as is known.
  package var standing: WebhookStanding {
    guard let pem = roots() else { return .unknown }
    let problem = memory.withLockedValue { $0.problem } ?? informer.problem
    guard informer.hasSynced else { return .untrusted(problem: problem) }
    guard let object = informer[ObjectKey(name: name)] else { return .missing }
    guard object.revision == revision else { return .foreign(revision: object.revision) }
    let bundle = WebhookBundle(object, kind: kind, name: name, revision: revision, pem: pem, mayRemove: false)
    return bundle.patch == nil ? .right : .untrusted(problem: problem)
  }

  /// Whether this replica should not be asked yet, see ``FirstTrust``.
  package var isAwaitingTrust: Bool {
    let (standing, now) = (standing, time.now())
    return memory.withLockedValue { $0.first.holds(standing, at: now) }
  }

  package func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await self.informer.run() }
      group.addTask { await cancelWhenGracefulShutdown { await self.watchOver() } }
      await group.waitForAll()
    }
  }

  private func changed() {
    let now = time.now()
    memory.withLockedValue { memory in
      memory.changed = now
      memory.ledger.changed(name)
    }
    bell.ring()
  }

  private func watchOver() async {
    while !Task.isCancelled {
      let again = await mend()
      let now = time.now()
      let due = [again, memory.withLockedValue { $0.ledger.nextDue(after: now) }].compactMap(\.self).min()
      let idle: Duration = informer.hasSynced && roots() != nil ? .seconds(60) : .seconds(1)
      await bell.wait(atMost: min(idle, due.map { $0 - now } ?? idle), time)
    }
  }

  /// - Returns: when there is something to take out.
  private func mend() async -> Duration? {
    let now = time.now()
    let (removal, isDue) = memory.withLockedValue { ($0.changed + Self.settled, $0.ledger.isDue(name, at: now)) }
    guard informer.hasSynced, isDue, let pem = roots(), let object = informer[ObjectKey(name: name)] else { return nil }
    let bundle = WebhookBundle(
      object,
      kind: kind,
      name: name,
      revision: revision,
      pem: pem,
      mayRemove: removal <= now
    )
    guard let patch = bundle.patch else {
      // Whoever has mended it.
      memory.withLockedValue { $0.problem = nil }
      return bundle.hasExtras ? removal : nil
    }
    memory.withLockedValue { $0.ledger.begins(name, at: now) }
    do throws(APIError) {
      try await client.apply(kind.resource, patch, fieldManager: Self.fieldManager, force: true)
      memory.withLockedValue { memory in
        memory.problem = nil
        memory.ledger.succeeded(name)
      }
      logger.info("The webhook configuration trusts the current roots", metadata: ["configuration": "\(name)"])
    } catch {
      let isNew = memory.withLockedValue { memory in
        memory.ledger.failed(name, at: now, draw: draw(), retryAfter: error.retryAfter)
        defer { memory.problem = error }
        return memory.problem?.description != error.description
      }
      if isNew, !error.isConflict, !error.isCancelled {
        logger.warning(
          "The caBundle can't be written",
          metadata: ["configuration": "\(name)", "error": "\(error)"]
        )
      }
    }
    return nil
  }
}
