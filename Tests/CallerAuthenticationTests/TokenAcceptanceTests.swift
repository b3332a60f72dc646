import CallerAuthentication
import FoundationEssentials
import SPIFFE
import Testing

@Suite struct TokenAcceptanceTests {
  let forge: TokenForge

  init() throws { forge = try TokenForge.shared.get() }

  @Test(arguments: TokenAlgorithm.allCases)
  func `a token of the cluster gives its workload`(_ algorithm: TokenAlgorithm) throws {
    let token = try verify(forge.token(algorithm))
    #expect(token.identity.description == "spiffe://cluster.local/ns/shop/sa/cart")
    #expect(token.serviceAccountUID == "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798")
    #expect(token.pod?.name == "cart-7d4b9c6f5d-x2x8k")
    #expect(token.pod?.uid == "5e0bd49b-f040-43b0-99b7-22765a53f7f3")
    #expect(token.expiresAt == Date(timeIntervalSince1970: TimeInterval(Claims.expiresAt)))
  }

  @Test(arguments: [
    #""amesh-ca""#, #"["amesh-ca"]"#, #"["other","amesh-ca"]"#, #"["istio-ca"]"#, #"["\u0061mesh-ca"]"#,
  ])
  func `any accepted audience will do`(_ audience: String) throws {
    #expect(throws: Never.self) { try verify(forge.token(Claims().with("aud", audience))) }
  }

  @Test(arguments: [
    #"{"alg":"ES256","kid":"ec","typ":"JWT"}"#, #"{"alg":"ES256","kid":"ec","typ":"jwt"}"#,
    #"{"typ":"JOSE","kid":"ec","alg":"ES256"}"#, #"{"alg":"\u0045S256","kid":"ec","x":null}"#,
    #"{"alg":"ES256","kid":"ec","jku":"https://evil.example/keys","jwk":{"kty":"oct","k":"AA"},"x5c":[]}"#,
  ])
  func `what else stands in the header changes nothing`(_ header: String) throws {
    #expect(throws: Never.self) { try verify(forge.token(header: header)) }
  }

  @Test func `claims that nobody asked for are ignored`() throws {
    let claims = Claims().with("scope", "[1.5e400,null]").withKubernetes("secret", #"{"name":1}"#)
    #expect(throws: Never.self) { try verify(forge.token(claims)) }
  }

  @Test func `a token without nbf is accepted`() throws {
    #expect(throws: Never.self) { try verify(forge.token(Claims().with("nbf", nil))) }
  }

  @Test(arguments: [
    ("s", "c"), ("0", "a.b.c"), (String(repeating: "n", count: 63), String(repeating: "s", count: 253)),
    ("kube-system", "horizontal-pod-autoscaler"),
  ])
  func `every legal name is accepted`(_ namespace: String, _ serviceAccount: String) throws {
    let token = try verify(forge.token(Claims().of(namespace: namespace, serviceAccount: serviceAccount)))
    #expect(token.identity.namespace == namespace)
    #expect(token.identity.serviceAccount == serviceAccount)
  }

  @Test func `a token without a Pod is accepted where the mesh allows it`() throws {
    let token = try forge.token(Claims().withKubernetes("pod", nil))
    #expect(throws: ServiceAccountTokenError.notBoundToPod) { try verify(token) }
    #expect(try verify(token, policy: Fixture.policy(requireBoundPod: false)).pod == nil)
  }

  @Test(arguments: [
    (leeway: 60, before: 60, after: 60), (leeway: 0, before: 0, after: 0), (leeway: 7, before: 7, after: 7),
  ])
  func `leeway holds at both ends to the second`(_ leeway: Int, _ before: Int, _ after: Int) throws {
    let policy = try Fixture.policy(leeway: .seconds(leeway))
    func verified(at seconds: Int, _ claims: Claims = Claims()) throws {
      let now = Date(timeIntervalSince1970: TimeInterval(seconds))
      _ = try verify(forge.token(claims), policy: policy, now: now)
    }
    #expect(throws: Never.self) { try verified(at: Claims.expiresAt + after - 1) }
    #expect(throws: ServiceAccountTokenError.expired(at: Claims.expiresAt)) {
      try verified(at: Claims.expiresAt + after)
    }
    #expect(throws: Never.self) { try verified(at: Claims.issuedAt - before) }
    #expect(throws: ServiceAccountTokenError.notYetValid(until: Claims.issuedAt)) {
      try verified(at: Claims.issuedAt - before - 1)
    }
    #expect(throws: ServiceAccountTokenError.issuedInFuture(at: Claims.issuedAt)) {
      try verified(at: Claims.issuedAt - before - 1, Claims().with("nbf", nil))
    }
  }

  @Test func `a policy that checks nothing can't be made`() throws {
    let domain = try Fixture.identity().trustDomain
    #expect(throws: ServiceAccountTokenPolicyError.noIssuer) {
      try ServiceAccountTokenPolicy(trustDomain: domain, issuer: "", audiences: ["a"])
    }
    #expect(throws: ServiceAccountTokenPolicyError.noAudience) {
      try ServiceAccountTokenPolicy(trustDomain: domain, issuer: "i", audiences: [])
    }
    #expect(throws: ServiceAccountTokenPolicyError.noAudience) {
      try ServiceAccountTokenPolicy(trustDomain: domain, issuer: "i", audiences: ["a", ""])
    }
    for leeway in [Duration.seconds(61), .seconds(-1)] {
      #expect(throws: ServiceAccountTokenPolicyError.leeway(leeway)) { try Fixture.policy(leeway: leeway) }
    }
  }
}
