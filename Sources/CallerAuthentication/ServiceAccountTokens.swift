package import FoundationEssentials
import Synchronization

/// Authenticates by ServiceAccount tokens, with keys and policy that can be swapped while it serves.
package final class ServiceAccountTokens: AuthenticationMethod {
  /// Whether a token was found among those verified a moment ago.
  package enum Lookup: String, Hashable, Sendable, CaseIterable { case hit, miss }

  private struct State {
    var keys: TokenSigningKeys
    var policy: ServiceAccountTokenPolicy
    /// Grows with each swap: what was verified by earlier keys is not kept.
    var generation: UInt64 = 0
    var cache: VerifiedTokenCache
  }

  private let state: Mutex<State>
  private let onLookup: @Sendable (Lookup) -> Void

  /// - Parameters:
  ///   - cacheCapacity: tokens that are remembered, a few hundred bytes each.
  ///   - onLookup: for metrics; called for each token, outside of any lock.
  package init(
    keys: TokenSigningKeys,
    policy: ServiceAccountTokenPolicy,
    cacheCapacity: Int = 16 * 1024,
    onLookup: @escaping @Sendable (Lookup) -> Void = { _ in }
  ) {
    state = Mutex(State(keys: keys, policy: policy, cache: VerifiedTokenCache(capacity: cacheCapacity)))
    self.onLookup = onLookup
  }

  /// From now on tokens are verified by these keys; what earlier ones verified is forgotten.
  package func replace(keys: TokenSigningKeys) {
    swap { $0.keys = keys }
  }

  /// From now on tokens are judged by this policy; what was judged by an earlier one is forgotten.
  package func replace(policy: ServiceAccountTokenPolicy) {
    swap { $0.policy = policy }
  }

  package func judge(_ credentials: Credentials, at now: Date) async -> AuthenticationVerdict {
    guard let token = credentials.token else { return .notApplicable }
    guard token.looksSigned else { return .passed(.serviceAccountToken(.notThreeSegments)) }
    do throws(ServiceAccountTokenError) {
      return .authenticated(Caller(try verify(token, at: now), hash: token.hash, at: now))
    } catch {
      return AuthenticationVerdict(error)
    }
  }

  /// Verifies a token, or finds that it was verified a moment ago.
  package func verify(_ token: BearerToken, at now: Date) throws(ServiceAccountTokenError) -> ServiceAccountToken {
    let (found, keys, policy, generation) = state.withLock { state in
      (state.cache.token(token.hash, at: now), state.keys, state.policy, state.generation)
    }
    onLookup(found == nil ? .miss : .hit)
    if let found { return found }
    let verified = try ServiceAccountToken.verify(token, keys: keys, policy: policy, now: now)
    state.withLock { state in
      guard state.generation == generation else { return }
      state.cache.insert(verified, hash: token.hash, at: now)
    }
    return verified
  }

  /// What a token says of itself, if the policy would take it: proven by nothing, and worth nothing until someone has
  /// vouched for the token.
  package func readUnproven(
    _ token: BearerToken,
    at now: Date
  ) throws(ServiceAccountTokenError) -> ServiceAccountToken {
    let segments = try SignedSegments(token.bytes)
    _ = try TokenHeader(parsing: segments.header)
    return try ServiceAccountToken(TokenClaims(parsing: segments.claims), policy: policy, now: now)
  }

  package var policy: ServiceAccountTokenPolicy { state.withLock { $0.policy } }

  private func swap(_ change: (inout State) -> Void) {
    state.withLock { state in
      change(&state)
      state.generation &+= 1
      state.cache.removeAll()
    }
  }
}
