import CallerAuthentication
package import KubernetesAPI
package import Logging
import NIOConcurrencyHelpers

/// Asks the API server about tokens that we can't judge ourselves: each only once at a time, not more than a share of its
/// time allows, and with what it said remembered for a moment, by the token's hash.
package final class TokenReviewer: Sendable {
  /// What is known of a token without asking; who could make it up has to stand back.
  enum Proof: Sendable, Hashable {
    /// Signed by the cluster.
    case signature
    /// Anybody may have written it.
    case none
  }

  enum Answer: Sendable, Equatable {
    case reviewed(ReviewedToken)
    /// The API server is away, slow or asked too often already.
    case unavailable(String)
    /// The API server does not let us ask, or talks nonsense.
    case failed(String)
  }

  package struct Limits: Sendable {
    /// Reviews a second, and at once, of tokens that the cluster has signed.
    package var perSecond = 50.0
    package var burst = 100
    /// The same of tokens that anybody may have written.
    package var unprovenPerSecond = 5.0
    package var unprovenBurst = 10
    /// How long a caller stands in line for a review, and how long one may take.
    package var longestWait = Duration.seconds(2)
    package var timeLimit = Duration.seconds(5)
    /// How long an answer holds. The API server's own memory of good tokens, ten seconds, comes on top.
    package var positiveLifetime = Duration.seconds(10)
    package var negativeLifetime = Duration.seconds(1)
    /// For so long nobody is asked after no answer came.
    package var pause = Duration.seconds(2)
    /// Answers that are remembered, some hundred bytes each.
    package var capacity = 4096

    package init() {}
  }

  private struct Memory {
    var cache: ExpiringCache<CredentialHash, ReviewedToken>
    var proven: RateLimit
    var unproven: RateLimit
    var pausedUntil = Duration.zero
    /// What was told to the log, until the next review succeeds.
    var told: String?
  }

  private let client: any KubernetesClient
  private let limits: Limits
  private let time: Timekeeper
  private let metrics: ClusterIdentityMetrics
  private let logger: Logger
  private let memory: NIOLockedValueBox<Memory>
  private let reviews = SingleFlight<CredentialHash, Answer>()

  package init(
    _ client: any KubernetesClient,
    limits: Limits = Limits(),
    time: Timekeeper = Timekeeper(),
    metrics: ClusterIdentityMetrics,
    logger: Logger
  ) {
    self.client = client
    self.limits = limits
    self.time = time
    self.metrics = metrics
    self.logger = logger
    memory = NIOLockedValueBox(
      Memory(
        cache: ExpiringCache(capacity: limits.capacity),
        proven: RateLimit(perSecond: limits.perSecond, burst: limits.burst),
        unproven: RateLimit(perSecond: limits.unprovenPerSecond, burst: limits.unprovenBurst)
      )
    )
  }

  /// What is remembered now.
  var cache: ExpiringCache<CredentialHash, ReviewedToken> { memory.withLockedValue { $0.cache } }
  /// How many wait for the review that another is getting for the same token.
  var waiting: Int { reviews.waiting }

  func review(_ token: BearerToken, audiences: [String], proof: Proof) async -> Answer {
    let answer = await reviews.value(token.hash) {
      let now = self.time.now()
      if let known = self.memory.withLockedValue({ $0.cache.value(token.hash, now: now) }) {
        self.metrics.reviewed(.cached)
        return .reviewed(known)
      }
      return await self.ask(token, audiences, proof)
    }
    return answer ?? .unavailable("the caller has gone")
  }

  /// Nil when the task is cancelled meanwhile.
  private func ask(_ token: BearerToken, _ audiences: [String], _ proof: Proof) async -> Answer? {
    switch takeTurn(proof) {
    case .comes(let wait):
      if wait > .zero { try? await time.sleep(wait) }
    case .isPaused:
      metrics.reviewed(.throttled)
      return .unavailable("the API server gave no answer a moment ago")
    case .isTooFar:
      metrics.reviewed(.throttled)
      return .unavailable("too many tokens wait for a TokenReview")
    }
    if Task.isCancelled { return nil }
    let client = client
    let outcome = await time.bounded(limits.timeLimit) { () async -> Result<TokenReview, APIError> in
      do throws(APIError) {
        return .success(try await client.review(token: token.reveal(), audiences: audiences))
      } catch {
        return .failure(error)
      }
    }
    if Task.isCancelled { return nil }
    switch outcome {
    case .success(let review): return .reviewed(keep(ReviewedToken(review), for: token.hash))
    case .failure(let error): return fail(error.isOutage, "\(error)")
    case nil: return fail(true, "no TokenReview came within \(limits.timeLimit)")
    }
  }

  private enum Turn {
    case comes(after: Duration)
    case isPaused
    case isTooFar
  }

  private func takeTurn(_ proof: Proof) -> Turn {
    let now = time.now()
    return memory.withLockedValue { memory in
      guard now >= memory.pausedUntil else { return .isPaused }
      let wait =
        switch proof {
        case .signature: memory.proven.take(now: now, longestWait: limits.longestWait)
        case .none: memory.unproven.take(now: now, longestWait: limits.longestWait)
        }
      return wait.map { .comes(after: $0) } ?? .isTooFar
    }
  }

  private func keep(_ review: ReviewedToken, for hash: CredentialHash) -> ReviewedToken {
    metrics.reviewed(review.isAuthenticated ? .authenticated : .refused)
    let now = time.now()
    let lifetime = review.isAuthenticated ? limits.positiveLifetime : limits.negativeLifetime
    let wasAway = memory.withLockedValue { memory in
      defer { memory.told = nil }
      memory.pausedUntil = .zero
      memory.cache.insert(review, for: hash, now: now, lifetime: lifetime)
      return memory.told != nil
    }
    if wasAway { logger.info("Tokens are reviewed by the API server again") }
    return review
  }

  private func fail(_ isOutage: Bool, _ problem: String) -> Answer {
    metrics.reviewed(.failed)
    let now = time.now()
    let isNew = memory.withLockedValue { memory in
      defer { memory.told = problem }
      if isOutage { memory.pausedUntil = now + limits.pause }
      return memory.told != problem
    }
    // The same failure is told once.
    if isNew { logger.warning("A token could not be reviewed", metadata: ["error": "\(problem)"]) }
    return isOutage ? .unavailable(problem) : .failed(problem)
  }
}
