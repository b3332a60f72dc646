import CallerAuthentication
import FoundationEssentials
import SPIFFE
import Testing

@Suite struct AuthenticatorTests {
  let forge: TokenForge
  let authority: CertificateForge
  let authenticator: Authenticator

  init() throws {
    forge = try TokenForge.shared.get()
    authority = try CertificateForge()
    let file = FileContents(path: "/t", bytes: Array(StaticTokensTests.yaml.utf8), permissions: 0o600, owner: 0)
    let domain = try TrustDomain("cluster.local")
    authenticator = try Authenticator([
      StaticTokens(file: file, user: 0, trustDomain: domain),
      ServiceAccountTokens(keys: forge.keys, policy: Fixture.policy()),
      RenewalByCertificate(trustDomain: domain, roots: [authority.root]),
    ])
  }

  private func failure(
    _ credentials: Credentials,
    by authenticator: Authenticator? = nil,
    now: Date = Claims.now
  ) async -> AuthenticationFailure? {
    do {
      _ = try await (authenticator ?? self.authenticator).authenticate(credentials, at: now)
      return nil
    } catch {
      #expect("\(error)" == "the caller could not be authenticated")
      return error.failure
    }
  }

  private func token(_ text: String) throws -> BearerToken { try BearerToken(Array(text.utf8)) }

  @Test func `each method decides about what is its own`() async throws {
    let byStaticToken = try await authenticator.authenticate(
      Credentials(token: token(StaticTokensTests.two)),
      at: Claims.now
    )
    #expect(byStaticToken.method == .staticToken)
    #expect(byStaticToken.identity == (try Fixture.identity("till")))

    let text = try forge.token()
    let byToken = try await authenticator.authenticate(Credentials(token: token(text)), at: Claims.now)
    #expect(byToken.method == .serviceAccountToken)
    #expect(byToken.identity == (try Fixture.identity()))
    #expect(byToken.lastTokenAuthentication == Claims.now)
    #expect(byToken.credentialExpiry == Date(timeIntervalSince1970: TimeInterval(Claims.expiresAt)))
    #expect(byToken.credentialHash == CredentialHash(of: Array(text.utf8)))
    #expect(byToken.pod?.name == "cart-7d4b9c6f5d-x2x8k")
    #expect(byToken.serviceAccountUID == "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798")

    let chain = [try authority.leaf(lastTokenAuthentication: Claims.now - 3600)]
    let byCertificate = try await authenticator.authenticate(Credentials(certificateChain: chain), at: Claims.now)
    #expect(byCertificate.method == .certificate)
    #expect(byCertificate.lastTokenAuthentication == Claims.now - 3600)
  }

  @Test func `a token goes before a certificate`() async throws {
    let chain = [try authority.leaf(lastTokenAuthentication: Claims.now - 3600)]
    let credentials = try Credentials(token: token(forge.token()), certificateChain: chain)
    #expect(try await authenticator.authenticate(credentials, at: Claims.now).method == .serviceAccountToken)
  }

  @Test func `an expired token is as good as none: the certificate decides`() async throws {
    let expired = try token(forge.token(Claims().with("exp", "1800000001")))
    let chain = [try authority.leaf(lastTokenAuthentication: Claims.now - 3600)]
    let later = Claims.now + 60
    let credentials = Credentials(token: expired, certificateChain: chain)
    let caller = try await authenticator.authenticate(credentials, at: later)
    #expect(caller.method == .certificate)
    #expect(caller.lastTokenAuthentication == Claims.now - 3600)
    let withoutCertificate = await failure(Credentials(token: expired), now: later)
    #expect(withoutCertificate == .serviceAccountToken(.expired(at: 1_800_000_001)))
  }

  @Test func `a token that is wrong in any other way is refused, whatever else is shown`() async throws {
    let chain = [try authority.leaf(lastTokenAuthentication: Claims.now - 3600)]
    let forged = try token(TokenForge().token())
    #expect(
      await failure(Credentials(token: forged, certificateChain: chain)) == .serviceAccountToken(.badSignature)
    )
    let unknown = try token("not-a-token-of-the-list-at-all-really")
    #expect(await failure(Credentials(token: unknown, certificateChain: chain)) == .unknownStaticToken)
  }

  @Test func `nothing shown, and nobody to ask`() async throws {
    #expect(await failure(Credentials()) == .nothingShown)
    let good = try Credentials(token: token(forge.token()))
    #expect(await failure(good, by: Authenticator([])) == .nothingShown)
  }

  @Test func `without a list of tokens, text that is no token is told as such`() async throws {
    let authenticator = try Authenticator([ServiceAccountTokens(keys: forge.keys, policy: Fixture.policy())])
    let nonsense = try Credentials(token: token("nonsense"))
    #expect(await failure(nonsense, by: authenticator) == .serviceAccountToken(.notThreeSegments))
  }

  @Test func `reasons are few, plain and all different`() {
    let names = AuthenticationFailure.Reason.allCases.map(\.rawValue)
    #expect(names.count <= 20 && Set(names).count == names.count)
    #expect(names.allSatisfy { $0.allSatisfy { $0 == "_" || $0.isLowercase && $0.isASCII } })
  }

  @Test func `what a stranger sends can't break the log`() throws {
    let evil = "\u{1B}[2J\r\nlevel=info \"x\"" + String(repeating: "A", count: 5000)
    let errors: [ServiceAccountTokenError] = [
      .algorithm(evil), .unknownKey(evil), .algorithmDoesNotFitKey(evil), .issuer(evil, expected: evil),
      .audience([evil, evil], accepted: ["a"]), .subject(evil, expected: "s"),
    ]
    for error in errors {
      let text = AuthenticationFailure.serviceAccountToken(error).description
      #expect(text.utf8.count < 700)
      #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
    }
  }
}
