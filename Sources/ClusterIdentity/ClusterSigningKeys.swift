package import CallerAuthentication
package import KubernetesAPI
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// The keys that the cluster signs its ServiceAccount tokens with, and its issuer, as the API server gives them: read again
/// from time to time and when a token names a key that is not among them. While the API server is away, the last ones stay.
package final class ClusterSigningKeys: Service {
  package struct Snapshot: Sendable {
    package let keys: TokenSigningKeys
    /// Nil while the API server does not tell.
    package let issuer: String?
    /// Grows with each change.
    package let generation: Int
    fileprivate let text: [UInt8]
  }

  private struct Memory {
    var snapshot: Snapshot?
    var lastSuccess: Duration?
    var problem: SigningKeysProblem?
    var limit = RateLimit(perSecond: ClusterSigningKeys.refreshesPerSecond, burst: 2)
    var listeners: [@Sendable (Snapshot) -> Void] = []
  }

  /// Between two looks, give or take a tenth: how long a key that is taken back is still good.
  private static let period = Duration.seconds(300)
  /// How often tokens that name unknown keys make us look: anybody can make up a name.
  private static let refreshesPerSecond = 0.1
  private static let timeLimit = Duration.seconds(10)

  private let client: any KubernetesClient
  private let backoff: Backoff
  private let time: Timekeeper
  private let draw: @Sendable () -> Double
  private let metrics: ClusterIdentityMetrics
  private let logger: Logger
  private let memory = NIOLockedValueBox(Memory())
  private let fetches = SingleFlight<String, Bool>()

  /// - Parameter draw: chance, 0 to 1.
  package init(
    _ client: any KubernetesClient,
    backoff: Backoff = Backoff(first: .seconds(1)),
    time: Timekeeper = Timekeeper(),
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
    metrics: ClusterIdentityMetrics,
    logger: Logger
  ) {
    self.client = client
    self.backoff = backoff
    self.time = time
    self.draw = draw
    self.metrics = metrics
    self.logger = logger
  }

  /// What is known; nil until the API server has answered once.
  package var current: Snapshot? { memory.withLockedValue { $0.snapshot } }

  /// For how long the API server has not been heard; nil if it never was.
  package var age: Duration? {
    let now = time.now()
    return memory.withLockedValue { $0.lastSuccess.map { now - $0 } }
  }

  /// What is in the way now; nil while all is well.
  package var problem: String? { memory.withLockedValue { $0.problem?.description } }

  /// Calls `listener` with each later change, before anybody who waits for it goes on.
  package func onChange(_ listener: @escaping @Sendable (Snapshot) -> Void) {
    memory.withLockedValue { $0.listeners.append(listener) }
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var failures = 0
      while !Task.isCancelled {
        let isGood = await self.fetches.value("") { await self.fetch() } ?? false
        failures = isGood ? 0 : failures + 1
        let wait =
          isGood
          ? Self.period * (0.9 + 0.2 * self.draw()) : self.backoff.wait(failures: failures, draw: self.draw())
        try? await self.time.sleep(wait)
      }
    }
  }

  /// Looks for newer keys than those of that generation: all who ask at once do it once, and all together not often.
  ///
  /// - Parameter generation: nil for someone who knows none.
  /// - Returns: whether there are some.
  func refresh(after generation: Int?) async -> Bool {
    if isNewer(generation) { return true }
    _ = await fetches.value("") {
      // Whoever was before us may have brought them.
      if self.isNewer(generation) { return true }
      let now = self.time.now()
      guard self.memory.withLockedValue({ $0.limit.take(now: now) }) != nil else {
        self.metrics.refreshedKeys(.throttled)
        return false
      }
      return await self.fetch()
    }
    return isNewer(generation)
  }

  private func isNewer(_ generation: Int?) -> Bool { (current?.generation ?? 0) > (generation ?? 0) }

  /// Nil when the task is cancelled meanwhile.
  private func fetch() async -> Bool? {
    let client = client
    let answer = await time.bounded(Self.timeLimit) { await Self.read(client) }
    if Task.isCancelled { return nil }
    switch answer ?? .failure(.tooSlow(Self.timeLimit)) {
    case .success(let found):
      take(found)
      return true
    case .failure(let problem):
      fail(problem)
      return false
    }
  }

  private struct Found: Sendable {
    var issuer: String?
    var keys: TokenSigningKeys
    var text: [UInt8]
  }

  private static func read(_ client: any KubernetesClient) async -> Result<Found, SigningKeysProblem> {
    // The issuer may be set by hand: without this document there are keys all the same.
    let discovery = try? await client.read(DiscoveryDocument.path)
    do throws(APIError) {
      let text = try await client.read(DiscoveryDocument.keysPath)
      do throws(TokenSigningKeysError) {
        let issuer = discovery.flatMap { DiscoveryDocument(parsing: $0)?.issuer }
        return .success(Found(issuer: issuer, keys: try TokenSigningKeys(parsing: text), text: text))
      } catch {
        return .failure(.keysUnusable(error))
      }
    } catch {
      return .failure(error.isCancelled ? .cancelled : .keysUnreadable(error))
    }
  }

  private func take(_ found: Found) {
    let now = time.now()
    let (changed, listeners, wasAway) = memory.withLockedValue { memory in
      let wasAway = memory.problem != nil
      memory.lastSuccess = now
      memory.problem = nil
      let before = memory.snapshot
      // An API server that does not tell its issuer this time has not changed it.
      let issuer = found.issuer ?? before?.issuer
      guard before?.text != found.text || before?.issuer != issuer else {
        return (nil as Snapshot?, memory.listeners, wasAway)
      }
      let snapshot = Snapshot(
        keys: found.keys,
        issuer: issuer,
        generation: (before?.generation ?? 0) + 1,
        text: found.text
      )
      memory.snapshot = snapshot
      return (snapshot, memory.listeners, wasAway)
    }
    metrics.refreshedKeys(changed == nil ? .unchanged : .changed)
    if wasAway { logger.info("The keys of the cluster's tokens can be read again") }
    guard let changed else { return }
    for listener in listeners { listener(changed) }
    for warning in changed.keys.warnings { logger.warning("\(warning)") }
    logger.info(
      "The keys of the cluster's tokens were read",
      metadata: ["keys": "\(changed.keys.count)", "issuer": "\(changed.issuer ?? "unknown")"]
    )
  }

  private func fail(_ problem: SigningKeysProblem) {
    metrics.refreshedKeys(.failed)
    let (isNew, has) = memory.withLockedValue { memory in
      defer { memory.problem = problem }
      return (memory.problem != problem, memory.snapshot != nil)
    }
    // The same failure is told once.
    guard isNew else { return }
    logger.warning("\(problem)", metadata: ["kept": "\(has ? "the keys that were read before" : "none")"])
  }
}
