import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import OpenSSLKeys
import SPIFFE
import Testing

@Suite struct VerificationTests {
  let authority: TestAuthority
  let now = TestAuthority.now

  init() throws { authority = try TestAuthority("td") }

  @Test func `a leaf is verified through its intermediate`() async throws {
    let identity = try authority.identity()
    for names in [true, false] {
      let released = try authority.issue(.workload(identity, dnsNames: names))
      #expect(try await authority.bundle.verify(released.chain, at: now) == identity.id)
    }
    let direct = try authority.rootIssuer.issueLeaf(identity, ProvenKey(KeyPool.key(.rsa2048)))
    #expect(try await authority.bundle.verify(direct.chain, at: now) == identity.id)
    let serving = try authority.issue(.serving(dnsNames: ["a.svc"], identity: identity))
    #expect(try await authority.bundle.verify(serving.chain, at: now) == identity.id)
  }

  @Test(arguments: [KeyAlgorithm.ecdsaP384, .rsa2048, .rsa4096])
  func `roots of every kind verify`(_ algorithm: KeyAlgorithm) async throws {
    let authority = try TestAuthority("td", rootAlgorithm: algorithm, algorithm: .ecdsaP384)
    #expect(try await authority.bundle.verify(authority.issue().chain, at: now) == authority.identity().id)
  }

  @Test func `time bounds every certificate of the chain`() async throws {
    let short = try TestAuthority("td", lifetime: .seconds(1800))
    let leaf = try short.issue()
    for moment in [now - 120, now, now + 1800] {
      #expect(try await short.bundle.verify(leaf.chain, at: moment).path == "/ns/shop/sa/web")
    }
    for moment in [now - 121, now + 1801] {
      await #expect(throws: VerificationError.self) { try await short.bundle.verify(leaf.chain, at: moment) }
    }
  }

  @Test func `a chain has to lead to the bundle`() async throws {
    let released = try authority.issue()
    let stranger = try TestAuthority("td")
    let empty = try TrustBundle(trustDomain: authority.trustDomain, authorities: [])
    for (bundle, chain) in [
      (stranger.bundle, released.chain), (empty, released.chain), (authority.bundle, [released.certificate]),
      (authority.bundle, [released.certificate] + stranger.issuer.intermediates),
    ] {
      let error = try await #require(throws: VerificationError.self) { try await bundle.verify(chain, at: now) }
      guard case .untrusted = error else { throw error }
    }
    await #expect(throws: VerificationError.noCertificate) { try await authority.bundle.verify([], at: now) }
    await #expect(throws: VerificationError.leafIsAuthority) {
      try await authority.bundle.verify([authority.intermediate.certificate], at: now)
    }
    let long = Array(repeating: released.certificate, count: 11)
    await #expect(throws: VerificationError.chainTooLong) { try await authority.bundle.verify(long, at: now) }
    let foreign = try TrustBundle(trustDomain: TrustDomain("other"), authorities: [authority.root])
    await #expect(throws: VerificationError.foreignTrustDomain(authority.trustDomain)) {
      try await foreign.verify(released.chain, at: now)
    }
  }

  /// Leaves that another program signed with our root, each against one rule of the standard.
  @Test(arguments: [
    Leaf("URI:spiffe://td/a,URI:spiffe://td/b", problem: .notOneURI(2)),
    Leaf("DNS:a.example", problem: .notOneURI(0)),
    Leaf("URI:https://td/a", problem: .badID(.invalidScheme)),
    Leaf("URI:spiffe://td/a/../b", problem: .badID(.dotSegment)),
    Leaf("URI:spiffe://td", problem: .noPath),
    Leaf(more: "basicConstraints=CA:TRUE", problem: .leafIsAuthority),
    Leaf(usage: nil, problem: .badKeyUsage),
    Leaf(usage: "keyEncipherment", problem: .badKeyUsage),
    Leaf(usage: "digitalSignature,keyCertSign", problem: .badKeyUsage),
    Leaf(usage: "digitalSignature,cRLSign", problem: .badKeyUsage),
    Leaf(more: "extendedKeyUsage=serverAuth", problem: .badExtendedKeyUsage),
    Leaf(more: "extendedKeyUsage=clientAuth", problem: .badExtendedKeyUsage),
    Leaf(more: "1.2.3.4=critical,DER:0500", problem: .untrusted("no chain leads to the trust bundle")),
    Leaf(problem: nil),
    Leaf("URI:spiffe://td/a,DNS:b", more: "extendedKeyUsage=serverAuth,clientAuth", problem: nil),
  ])
  func `a leaf keeps to X509-SVID`(_ leaf: Leaf) async throws {
    let now = Date()
    let authority = try TestAuthority("td", now: now)
    let certificate = try leaf.signed(by: authority)
    do {
      let id = try await authority.bundle.verify([certificate], at: now + 1)
      #expect(leaf.problem == nil)
      #expect(id.description == "spiffe://td/a")
    } catch {
      #expect(error == leaf.problem)
    }
  }

  @Test func `a signer has to be allowed to sign`() async throws {
    let now = Date()
    let authority = try TestAuthority("td", now: now)
    let middle = try Leaf(
      "URI:spiffe://td",
      usage: "digitalSignature",
      more: "basicConstraints=critical,CA:TRUE",
      problem: nil
    )
    .signed(by: authority)
    let bundle = try TrustBundle(trustDomain: authority.trustDomain, authorities: [middle])
    let leaf = try Leaf(problem: nil).signed(by: authority, with: middle, KeyPool.key(.ecdsaP256))
    let error = try await #require(throws: VerificationError.self) { try await bundle.verify([leaf], at: now + 1) }
    #expect(error.description.contains("keyCertSign"))
  }

  /// A leaf that another program signs, and what is wrong with it.
  struct Leaf: Sendable {
    let extensions: [String]
    let problem: VerificationError?

    init(
      _ names: String = "URI:spiffe://td/a",
      usage: String? = "digitalSignature",
      more: String? = nil,
      problem: VerificationError?
    ) {
      extensions =
        ["subjectAltName=\(names)"] + (usage.map { ["keyUsage=critical,\($0)"] } ?? []) + (more.map { [$0] } ?? [])
      self.problem = problem
    }

    func signed(
      by authority: TestAuthority,
      with signer: MeshCertificate? = nil,
      _ key: (any ExportableKey)? = nil
    ) throws -> MeshCertificate {
      let folder = try TemporaryFolder()
      let keyPEM = try (key ?? authority.rootKey).privateKeyPEM().withUnsafeBytes { Array($0) }
      let made = try OpenSSLCommand.run(
        [
          "x509", "-req", "-days", "1", "-in",
          folder.write("request.pem", RequestMaker.make(.ecdsaP256, subject: "/CN=a")),
          "-CA", folder.write("signer.pem", (signer ?? authority.root).pem), "-CAkey",
          folder.write("signer.key", keyPEM),
          "-extfile", folder.write("extensions", extensions.joined(separator: "\n")),
        ]
      )
      try #require(made.status == 0, "\(made.errors)")
      return try #require(MeshCertificate.readPEM(Array(made.output)).first)
    }
  }
}
