import FoundationEssentials
import SPIFFE
import Synchronization
import Testing

@testable import CallerAuthentication

@Suite struct VerifiedTokenCacheTests {
  private let now = Claims.now

  private func token() throws -> ServiceAccountToken { try verify(TokenForge.shared.get().token()) }
  private func hash(_ number: Int) -> CredentialHash { CredentialHash(of: Array("\(number)".utf8)) }

  @Test(arguments: [(3500, 60), (30, 30), (60, 60), (0, 0), (-10, 0)])
  func `a token is remembered until it expires, at most a minute`(_ left: Int, _ remembered: Int) throws {
    var cache = VerifiedTokenCache(capacity: 4)
    let verifiedAt = Date(timeIntervalSince1970: TimeInterval(Claims.expiresAt - left))
    cache.insert(try token(), hash: hash(1), at: verifiedAt)
    for seconds in [0, 1, 29, 30, 59, 60, 61, 3600] {
      let found = cache.token(hash(1), at: verifiedAt + TimeInterval(seconds)) != nil
      #expect(found == (seconds < remembered), "after \(seconds) s")
    }
    #expect(cache.token(hash(1), at: verifiedAt - 1) == nil)
    #expect(cache.token(hash(2), at: verifiedAt) == nil)
  }

  @Test func `the oldest gives way`() throws {
    var cache = VerifiedTokenCache(capacity: 8)
    let token = try token()
    for number in 0..<1000 {
      cache.insert(token, hash: hash(number), at: now)
      #expect(cache.count == min(number + 1, 8))
      for kept in max(0, number - 7)...number { #expect(cache.token(hash(kept), at: now) != nil) }
      if number >= 8 { #expect(cache.token(hash(number - 8), at: now) == nil) }
    }
  }

  @Test func `a token that is verified again is remembered for longer, in one place`() throws {
    var cache = VerifiedTokenCache(capacity: 2)
    let token = try token()
    for minute in 0..<10 { cache.insert(token, hash: hash(1), at: now + TimeInterval(minute * 60)) }
    #expect(cache.count == 1)
    #expect(cache.token(hash(1), at: now + 9 * 60 + 59) != nil)
    cache.insert(token, hash: hash(2), at: now)
    #expect(cache.token(hash(1), at: now + 9 * 60) != nil)
    cache.removeAll()
    #expect(cache.count == 0 && cache.token(hash(2), at: now) == nil)
  }

  @Test(arguments: [0, -1])
  func `there is always room for one`(_ capacity: Int) throws {
    var cache = VerifiedTokenCache(capacity: capacity)
    cache.insert(try token(), hash: hash(1), at: now)
    #expect(cache.count == 1)
  }
}

@Suite struct ServiceAccountTokensTests {
  private final class Tally: Sendable {
    let lookups = Mutex<[ServiceAccountTokens.Lookup]>([])
  }

  let forge: TokenForge

  init() throws { forge = try TokenForge.shared.get() }

  @Test func `a token is verified once a minute`() throws {
    let tally = Tally()
    let tokens = try ServiceAccountTokens(keys: forge.keys, policy: Fixture.policy()) { lookup in
      tally.lookups.withLock { $0.append(lookup) }
    }
    let token = try BearerToken(Array(forge.token().utf8))
    for seconds in [0, 1, 59, 60, 61, 119, 120] {
      #expect(throws: Never.self) { try tokens.verify(token, at: Claims.now + TimeInterval(seconds)) }
    }
    #expect(tally.lookups.withLock { $0 } == [.miss, .hit, .hit, .miss, .hit, .hit, .miss])
  }

  @Test func `a token that expires within the minute is refused then`() throws {
    let tokens = try ServiceAccountTokens(keys: forge.keys, policy: Fixture.policy(leeway: .zero))
    let token = try BearerToken(Array(forge.token().utf8))
    let end = Date(timeIntervalSince1970: TimeInterval(Claims.expiresAt))
    #expect(throws: Never.self) { try tokens.verify(token, at: end - 1) }
    #expect(throws: ServiceAccountTokenError.expired(at: Claims.expiresAt)) { try tokens.verify(token, at: end) }
  }

  @Test func `new keys and a new policy forget what the old ones said`() throws {
    let tokens = try ServiceAccountTokens(keys: forge.keys, policy: Fixture.policy())
    let token = try BearerToken(Array(forge.token().utf8))
    #expect(throws: Never.self) { try tokens.verify(token, at: Claims.now) }
    tokens.replace(keys: try TokenForge().keys)
    #expect(throws: ServiceAccountTokenError.badSignature) { try tokens.verify(token, at: Claims.now) }
    tokens.replace(keys: forge.keys)
    #expect(throws: Never.self) { try tokens.verify(token, at: Claims.now) }
    let other = try ServiceAccountTokenPolicy(
      trustDomain: Fixture.identity().trustDomain,
      issuer: "https://other.example",
      audiences: ["amesh-ca"]
    )
    tokens.replace(policy: other)
    #expect(throws: ServiceAccountTokenError.issuer(Claims.issuer, expected: "https://other.example")) {
      try tokens.verify(token, at: Claims.now)
    }
  }

  @Test func `refusals are not remembered`() throws {
    let tokens = try ServiceAccountTokens(keys: forge.keys, policy: Fixture.policy())
    let token = try BearerToken(Array(forge.token(Claims().with("nbf", "1800000300")).utf8))
    #expect(throws: ServiceAccountTokenError.notYetValid(until: 1_800_000_300)) {
      try tokens.verify(token, at: Claims.now)
    }
    #expect(throws: Never.self) { try tokens.verify(token, at: Claims.now + 200) }
  }

  @Test func `many callers at once are all judged by the same keys`() async throws {
    let tokens = try ServiceAccountTokens(keys: forge.keys, policy: Fixture.policy(), cacheCapacity: 4)
    let good = try (0..<8).map { number in
      try BearerToken(Array(forge.token(Claims().of(namespace: "shop", serviceAccount: "cart-\(number)")).utf8))
    }
    let bad = try BearerToken(Array(TokenForge().token().utf8))
    let wrong = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var wrong = 0
          for round in 0..<16 {
            let number = round % good.count
            let name = (try? tokens.verify(good[number], at: Claims.now))?.identity.serviceAccount
            if name != "cart-\(number)" { wrong += 1 }
            if (try? tokens.verify(bad, at: Claims.now)) != nil { wrong += 1 }
          }
          return wrong
        }
      }
      return await group.reduce(0, +)
    }
    #expect(wrong == 0)
  }
}
