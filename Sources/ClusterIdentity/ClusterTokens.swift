package import CallerAuthentication
package import FoundationEssentials
package import Logging
import NIOConcurrencyHelpers
package import SPIFFE

/// Authenticates by ServiceAccount tokens of the cluster: signature and claims by its keys, then the Pod and ServiceAccount
/// that the token is bound to by what the informers have heard. Only what can't be told so is asked of the API server.
package final class ClusterTokens: AuthenticationMethod {
  /// Which tokens are accepted; see ``ServiceAccountTokenPolicy``.
  package struct Rules: Sendable {
    package var trustDomain: TrustDomain
    /// Nil for the one that the API server tells of itself.
    package var issuer: String?
    package var audiences: [String]
    package var requireBoundPod = true
    /// How long, while the API server is away, callers are judged by what was heard of it last. They show tokens that the
    /// cluster has signed, so this ends with their lives too.
    package var longestMemory = Duration.seconds(3600)

    package init(trustDomain: TrustDomain, issuer: String? = nil, audiences: [String]) {
      self.trustDomain = trustDomain
      self.issuer = issuer
      self.audiences = audiences
    }
  }

  private struct Memory {
    /// Nil while nobody knows the issuer.
    var tokens: ServiceAccountTokens?
    var issuer: String?
    var warnedOf: String?

    /// Whether that was not said before.
    mutating func warn(of issuer: String) -> Bool {
      defer { warnedOf = issuer }
      return warnedOf != issuer
    }
  }

  private let rules: Rules
  private let keys: ClusterSigningKeys
  private let objects: BoundObjects
  private let reviewer: TokenReviewer
  private let onLookup: @Sendable (ServiceAccountTokens.Lookup) -> Void
  private let metrics: ClusterIdentityMetrics
  private let logger: Logger
  private let memory = NIOLockedValueBox(Memory())

  /// - Parameter onLookup: for metrics; see ``ServiceAccountTokens``.
  /// - Throws: when these rules would not hold.
  package init(
    _ rules: Rules,
    keys: ClusterSigningKeys,
    objects: BoundObjects,
    reviewer: TokenReviewer,
    onLookup: @escaping @Sendable (ServiceAccountTokens.Lookup) -> Void = { _ in },
    metrics: ClusterIdentityMetrics,
    logger: Logger
  ) throws(ServiceAccountTokenPolicyError) {
    self.rules = rules
    self.keys = keys
    self.objects = objects
    self.reviewer = reviewer
    self.onLookup = onLookup
    self.metrics = metrics
    self.logger = logger
    // Whatever the issuer will be, the rest has to hold now.
    _ = try Self.policy(rules, issuer: rules.issuer ?? "unknown")
    if let issuer = rules.issuer { trust(issuer: issuer, keys: .none) }
    keys.onChange { [weak self] in self?.take($0) }
    if let snapshot = keys.current { take(snapshot) }
  }

  package func judge(_ credentials: Credentials, at now: Date) async -> AuthenticationVerdict {
    guard let token = credentials.token else { return .notApplicable }
    guard token.looksSigned else { return .passed(.serviceAccountToken(.notThreeSegments)) }
    do throws(ServiceAccountTokenError) {
      return .authenticated(Caller(try await verify(token, at: now), hash: token.hash, at: now))
    } catch {
      return AuthenticationVerdict(error)
    }
  }

  private func verify(_ token: BearerToken, at now: Date) async throws(ServiceAccountTokenError) -> ServiceAccountToken
  {
    let generation = keys.current?.generation
    do {
      return try await settle(try tokens().verify(token, at: now), token, now)
    } catch .unknownKey {
      // Genuine tokens of a key that is new, and made-up ones.
    } catch .undecided where generation == nil {
      // The issuer comes with the keys.
    }
    if await keys.refresh(after: generation) {
      do {
        return try await settle(try tokens().verify(token, at: now), token, now)
      } catch .unknownKey {}
    }
    let claimed = try tokens().readUnproven(token, at: now)
    return try await review(claimed, token, proof: .none, because: "its key is not among the cluster's")
  }

  /// Judges what a token of the cluster is bound to.
  private func settle(
    _ verified: ServiceAccountToken,
    _ token: BearerToken,
    _ now: Date
  ) async throws(ServiceAccountTokenError) -> ServiceAccountToken {
    switch objects.judge(verified, now: now) {
    case .stands:
      metrics.judged(by: .informers)
      return verified
    case .ended(let problem): throw .boundObject(problem)
    case .unknown(let doubt):
      return try await review(verified, token, proof: .signature, because: doubt.description, doubt)
    }
  }

  private func review(
    _ claimed: ServiceAccountToken,
    _ token: BearerToken,
    proof: TokenReviewer.Proof,
    because reason: String,
    _ doubt: BoundObjectVerdict.Doubt? = nil
  ) async throws(ServiceAccountTokenError) -> ServiceAccountToken {
    switch await reviewer.review(token, audiences: rules.audiences, proof: proof) {
    case .reviewed(let review):
      try review.check(claimed, audiences: rules.audiences)
      metrics.judged(by: .review)
      return claimed
    case .unavailable(let problem):
      if case .stale(let silence) = doubt, silence <= rules.longestMemory {
        metrics.judged(by: .memory)
        return claimed
      }
      throw .undecided("\(reason), and \(problem)")
    case .failed(let problem): throw .undecided("\(reason), and \(problem)")
    }
  }

  // MARK: Keys and issuer

  private func tokens() throws(ServiceAccountTokenError) -> ServiceAccountTokens {
    guard let tokens = memory.withLockedValue({ $0.tokens }) else {
      throw .undecided(
        "the issuer of the cluster's tokens is not known: set it, or let us read \(DiscoveryDocument.path)"
          + (keys.problem.map { " (\($0))" } ?? "")
      )
    }
    return tokens
  }

  private func take(_ snapshot: ClusterSigningKeys.Snapshot) {
    guard let issuer = rules.issuer ?? snapshot.issuer else { return }
    trust(issuer: issuer, keys: snapshot.keys)
    guard let told = snapshot.issuer, told != issuer, memory.withLockedValue({ $0.warn(of: told) }) else { return }
    logger.warning(
      "The API server names another issuer than the one that is set, which stays in force",
      metadata: ["set": "\(issuer)", "named": "\(told)"]
    )
  }

  private func trust(issuer: String, keys: TokenSigningKeys) {
    // The rules were tried, and an issuer is never empty.
    guard let policy = try? Self.policy(rules, issuer: issuer) else { return }
    memory.withLockedValue { memory in
      if let tokens = memory.tokens {
        if memory.issuer != issuer { tokens.replace(policy: policy) }
        tokens.replace(keys: keys)
      } else {
        memory.tokens = ServiceAccountTokens(keys: keys, policy: policy, onLookup: onLookup)
      }
      memory.issuer = issuer
    }
  }

  private static func policy(
    _ rules: Rules,
    issuer: String
  ) throws(ServiceAccountTokenPolicyError) -> ServiceAccountTokenPolicy {
    try ServiceAccountTokenPolicy(
      trustDomain: rules.trustDomain,
      issuer: issuer,
      audiences: rules.audiences,
      requireBoundPod: rules.requireBoundPod
    )
  }
}
