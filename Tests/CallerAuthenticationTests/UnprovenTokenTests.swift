import CallerAuthentication
import FoundationEssentials
import KubernetesObjects
import Testing

/// What tokens say of themselves, for those who ask others whether it is true.
struct UnprovenTokenTests {
  private func tokens(_ keys: TokenSigningKeys = .none) throws -> ServiceAccountTokens {
    ServiceAccountTokens(keys: keys, policy: try Fixture.policy())
  }

  private func bearer(_ text: String) throws -> BearerToken { try BearerToken(Array(text.utf8)) }

  @Test func `without keys no token verifies, and what it claims can be read`() throws {
    let forge = try TokenForge.shared.get()
    let token = try bearer(forge.token())
    let tokens = try tokens()
    #expect(throws: ServiceAccountTokenError.unknownKey(TokenForge.ecKeyID)) {
      try tokens.verify(token, at: Claims.now)
    }
    let claimed = try tokens.readUnproven(token, at: Claims.now)
    #expect(claimed == (try verify(token.reveal())))
    #expect(claimed.nodeName == "node-1")
  }

  @Test(arguments: [
    Claims().with("iss", #""https://elsewhere""#), Claims().with("aud", #"["vault"]"#),
    Claims().with("exp", "1799999999"), Claims().withKubernetes("pod", nil), Claims().without("sub"),
  ])
  func `claims that the policy refuses are not worth a question`(claims: Claims) throws {
    let token = try bearer(TokenForge.shared.get().token(claims))
    #expect(throws: ServiceAccountTokenError.self) { try tokens().readUnproven(token, at: Claims.now) }
  }

  @Test func `what is read unproven is not taken for verified later`() throws {
    let tokens = try tokens()
    let token = try bearer(TokenForge.shared.get().token())
    _ = try tokens.readUnproven(token, at: Claims.now)
    #expect(throws: ServiceAccountTokenError.self) { try tokens.verify(token, at: Claims.now) }
  }

  @Test(arguments: [#""node-1""#, "{}", #"{"name":1}"#, #"{"name":"Node_1"}"#, "[]"])
  func `a malformed node is refused`(node: String) throws {
    #expect(throws: ServiceAccountTokenError.malformedClaim("node")) {
      try verify(TokenForge.shared.get().token(Claims().withKubernetes("node", node)))
    }
  }

  @Test func `a token of a Pod without a node names none, and one whose node is gone has no uid for it`() throws {
    let forge = try TokenForge.shared.get()
    #expect(try verify(forge.token(Claims().withKubernetes("node", nil))).nodeName == nil)
    #expect(try verify(forge.token(Claims().withKubernetes("node", #"{"name":"gone"}"#))).nodeName == "gone")
  }

  @Test func `what can't be told now is passed on, what has ended is not`() {
    let verdicts: [AuthenticationVerdict] = [
      AuthenticationVerdict(.undecided("nobody answers")), AuthenticationVerdict(.boundObject(.podGone("cart-0"))),
      AuthenticationVerdict(.review("it is not good")),
    ]
    let outcomes = verdicts.map { verdict in
      switch verdict {
      case .passed(let failure): "passed \(failure.reason.rawValue)"
      case .refused(let failure): "refused \(failure.reason.rawValue)"
      case .authenticated, .notApplicable: "neither"
      }
    }
    #expect(outcomes == ["passed token_undecided", "refused token_revoked", "refused token_review"])
  }
}
