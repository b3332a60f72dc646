package import Injection
package import KubernetesAPI
import KubernetesObjects
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// The cluster's namespaces, as the engine needs them: told at once where what is known fits the webhook that was called,
/// else read from the API server, which knew better when it called.
package final class ClusterNamespaces: Service {
  /// What can be told without waiting.
  package enum Cached: Sendable, Equatable {
    case known(NamespaceMetadata)
    /// It has to be looked up.
    case unknown
  }

  /// How long a look may take; the API server waits for us 5 s.
  private static let timeLimit = Duration.seconds(2)
  /// How long what was read stands in for what the informer has not heard yet.
  private static let lifetime = Duration.seconds(5)
  private static let rememberedReads = 256

  private struct Memory {
    var revision: String
    var reads = ExpiringCache<String, NamespaceMetadata>(capacity: ClusterNamespaces.rememberedReads)
  }

  private enum Read: Sendable {
    case found(NamespaceMetadata)
    case absent
    case failed(String)
  }

  private let client: any KubernetesClient
  private let informer: Informer<NamespaceMetadata>
  private let time: Timekeeper
  private let metrics: ClusterIdentityMetrics
  private let logger: Logger
  private let memory: NIOLockedValueBox<Memory>
  private let reads = SingleFlight<String, Read>()

  /// - Parameters:
  ///   - revision: that this control plane serves.
  ///   - draw: chance, 0 to 1.
  package init(
    _ client: any KubernetesClient,
    revision: String,
    backoff: Backoff = Backoff(),
    time: Timekeeper = Timekeeper(),
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    metrics: ClusterIdentityMetrics,
    logger: Logger
  ) {
    self.client = client
    self.time = time
    self.metrics = metrics
    self.logger = logger
    memory = NIOLockedValueBox(Memory(revision: revision))
    informer = Informer(
      client,
      .namespaces,
      projection: { NamespaceMetadata($0) },
      backoff: backoff,
      time: time,
      draw: draw,
      logger: logger
    )
  }

  package func run() async throws { try await informer.run() }

  /// How many wait for a look that another takes at the same namespace.
  var waiting: Int { reads.waiting }

  package var hasSynced: Bool { informer.hasSynced }
  package func waitUntilSynced() async throws { try await informer.waitUntilSynced() }
  /// For how long nothing was heard of the API server; nil if nothing ever was.
  package var silence: Duration? { informer.silence }
  /// What is in the way now; nil while all is well.
  package var problem: String? { informer.problem?.description }

  /// From now on this control plane serves that revision.
  package func serve(revision: String) { memory.withLockedValue { $0.revision = revision } }

  /// What was heard last of a namespace.
  package func known(_ name: String) -> NamespaceMetadata? { informer[ObjectKey(name: name)] }

  /// What is known, if it fits the webhook that was called.
  package func cached(_ question: NamespaceQuestion) -> Cached {
    let now = time.now()
    let (revision, read) = memory.withLockedValue { ($0.revision, $0.reads.value(question.name, now: now)) }
    for known in [informer[ObjectKey(name: question.name)], read] {
      if let known, question.fits(known, revision: revision) { return .known(known) }
    }
    return .unknown
  }

  /// What the API server says of the namespace; where it says nothing in time, what is known, and of labels that don't fit
  /// nothing: then the webhook that was called decides.
  package func namespace(_ question: NamespaceQuestion) async -> NamespaceMetadata? {
    if case .known(let metadata) = cached(question) { return metadata }
    let name = question.name
    switch await reads.value(name, { await self.read(name) }) {
    case .found(let metadata): return metadata
    case .absent: return nil
    case .failed, nil:
      guard var known = informer[ObjectKey(name: name)] else { return nil }
      known.labels = nil
      return known
    }
  }

  /// Nil when the task is cancelled meanwhile.
  private func read(_ name: String) async -> Read? {
    let client = client
    let read = await time.bounded(Self.timeLimit) { await Self.read(name, client) }
    if Task.isCancelled { return nil }
    switch read ?? .failed("no answer within \(Self.timeLimit)") {
    case .found(let metadata):
      metrics.readNamespace(.found)
      let now = time.now()
      memory.withLockedValue { $0.reads.insert(metadata, for: name, now: now, lifetime: Self.lifetime) }
      return .found(metadata)
    case .absent:
      metrics.readNamespace(.absent)
      return .absent
    case .failed(let problem):
      metrics.readNamespace(.failed)
      logger.warning(
        "A namespace could not be looked up; the webhook that was called decides",
        metadata: ["namespace": "\(name)", "error": "\(problem)"]
      )
      return .failed(problem)
    }
  }

  private static func read(_ name: String, _ client: any KubernetesClient) async -> Read {
    do throws(APIError) {
      guard let document = try await client.find(.namespaces, ObjectKey(name: name)) else { return .absent }
      return NamespaceMetadata(document.root).map { .found($0) } ?? .failed("the answer is no Namespace")
    } catch {
      return .failed("\(error)")
    }
  }
}
