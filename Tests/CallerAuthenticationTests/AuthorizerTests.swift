import CallerAuthentication
import FoundationEssentials
import Testing

@Suite struct AuthorizerTests {
  @Test(arguments: Caller.Method.allCases)
  func `everyone gets its own identity`(_ method: Caller.Method) throws {
    let caller = try Fixture.caller(method)
    #expect(try Authorizer.authorize(.own, for: caller).caller == caller)
    #expect(try Authorizer.authorize(.named("spiffe://cluster.local/ns/shop/sa/cart"), for: caller).caller == caller)
  }

  @Test(arguments: [
    "spiffe://cluster.local/ns/shop/sa/admin", "spiffe://cluster.local/ns/prod/sa/cart",
    "spiffe://other.example/ns/shop/sa/cart", "spiffe://cluster.local", "spiffe://cluster.local/",
    "spiffe://cluster.local/ns/shop/sa/cart/", "spiffe://cluster.local/ns/shop/sa/cart2",
    "spiffe://cluster.local/ns/shop/sa", "SPIFFE://cluster.local/ns/shop/sa/cart",
    "spiffe://cluster.local/ns/shop/sa/./cart", "spiffe://cluster.local/ns/shop/sa/x/../cart",
    "spiffe://cluster.local/ns/shop/sa/c%61rt", "spiffe://cluster.local/ns/shop/sa/cart?x", "", "default", "*",
    "spiffe://cluster.local/ns/shop/sa/cart ", "spiffe://cluster.local/ns/shop/sa/cart\u{0}",
  ])
  func `nobody gets another's`(_ id: String) throws {
    let caller = try Fixture.caller()
    #expect(throws: AuthorizationError.foreignIdentity(of: caller.identity)) {
      try Authorizer.authorize(.named(id), for: caller)
    }
  }
}

@Suite struct StreamLifetimeTests {
  private let opened = Claims.now
  private let hour: TimeInterval = 3600

  @Test func `a stream outlives its token by the bound`() throws {
    let caller = try Fixture.caller(credentialExpiry: opened + hour)
    #expect(StreamLifetime().deadline(for: caller) == opened + 2 * hour)
    #expect(StreamLifetime(afterExpiry: .zero).deadline(for: caller) == opened + hour)
    #expect(StreamLifetime(afterExpiry: .seconds(-5)).deadline(for: caller) == opened + hour)
  }

  @Test func `and never the maximum after the last authentication by token`() throws {
    let lifetime = StreamLifetime(afterExpiry: .seconds(3600), maximum: .seconds(24 * 3600))
    let longLived = try Fixture.caller(credentialExpiry: opened + 8760 * hour)
    #expect(lifetime.deadline(for: longLived) == opened + 24 * hour)
    let endless = try Fixture.caller(.staticToken)
    #expect(lifetime.deadline(for: endless) == opened + 24 * hour)
  }

  @Test func `a stream by certificate counts from the token before it`() throws {
    let caller = try Fixture.caller(
      .certificate,
      lastTokenAuthentication: opened - 23 * hour,
      credentialExpiry: opened + hour
    )
    #expect(StreamLifetime().deadline(for: caller) == opened + hour)
    #expect(StreamLifetime(maximum: .seconds(48 * 3600)).deadline(for: caller) == opened + 2 * hour)
  }
}
