import CallerAuthentication
import CertificateAuthority
import FoundationEssentials
import SPIFFE
import SwiftASN1
import Testing
import X509

@Suite struct RenewalByCertificateTests {
  typealias Leaf = CertificateForge.Leaf

  let forge: CertificateForge

  init() throws { forge = try CertificateForge() }

  private func judge(
    _ chain: [[UInt8]],
    roots: [MeshCertificate]? = nil,
    maximumAge: Duration = .seconds(24 * 3600),
    now: Date = Claims.now
  ) async throws -> Caller {
    let domain = try TrustDomain("cluster.local")
    let method = RenewalByCertificate(trustDomain: domain, roots: roots ?? [forge.root], maximumAge: maximumAge)
    return try await Authenticator([method]).authenticate(Credentials(certificateChain: chain), at: now)
  }

  private func error(_ leaf: Leaf, now: Date = Claims.now) async throws -> RenewalError? {
    do {
      _ = try await judge([forge.leaf(leaf)], now: now)
      return nil
    } catch let error as Unauthenticated {
      guard case .renewal(let error) = error.failure else { return nil }
      return error
    }
  }

  private func expectUntrusted(
    _ chain: [[UInt8]],
    roots: [MeshCertificate]? = nil,
    now: Date = Claims.now,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    let error = await #expect(throws: Unauthenticated.self, sourceLocation: sourceLocation) {
      try await judge(chain, roots: roots, now: now)
    }
    #expect(error?.failure.reason == .certificateUntrusted, sourceLocation: sourceLocation)
  }

  @Test func `a valid SVID renews itself`() async throws {
    let leaf = try forge.leaf()
    let caller = try await judge([leaf])
    #expect(caller.identity == (try Fixture.identity()))
    #expect(caller.method == .certificate)
    #expect(caller.lastTokenAuthentication == Claims.now - 3600)
    #expect(caller.credentialExpiry == Claims.now + 1800)
    #expect(caller.credentialHash == CredentialHash(of: leaf))
  }

  @Test func `under an intermediate, too`() async throws {
    let (below, certificate) = try forge.intermediate()
    #expect(try await judge([below.leaf(), certificate]).method == .certificate)
    await expectUntrusted([try below.leaf()])
    await expectUntrusted(
      [try below.leaf(), certificate],
      roots: [below.root, try CertificateForge("x").root].suffix(1)
    )
  }

  @Test func `the roots of this moment decide`() async throws {
    let other = try CertificateForge()
    await expectUntrusted([try other.leaf()])
    await expectUntrusted([try forge.leaf()], roots: [other.root])
    await expectUntrusted([try forge.leaf()], roots: [])
    let method = RenewalByCertificate(trustDomain: try TrustDomain("cluster.local"), roots: [forge.root])
    let credentials = Credentials(certificateChain: [try forge.leaf()])
    let authenticator = Authenticator([method])
    #expect(try await authenticator.authenticate(credentials, at: Claims.now).method == .certificate)
    method.replace(roots: [other.root])
    let refused = try? await authenticator.authenticate(credentials, at: Claims.now)
    #expect(refused == nil)
    method.replace(roots: [other.root, forge.root])
    #expect(try await authenticator.authenticate(credentials, at: Claims.now).method == .certificate)
  }

  @Test func `the presented chain brings no root of its own`() async throws {
    let other = try CertificateForge()
    await expectUntrusted([try other.leaf(), other.root.derBytes])
  }

  @Test(arguments: [-1801, 1801, 864_001])
  func `a certificate that is not valid now`(_ seconds: Int) async throws {
    await expectUntrusted([try forge.leaf()], now: Claims.now + TimeInterval(seconds))
  }

  @Test func `both ends of its life belong to it`() async throws {
    for seconds in [-1800, 1800] as [TimeInterval] {
      #expect(try await judge([forge.leaf()], now: Claims.now + seconds).method == .certificate)
    }
  }

  @Test func `what is no leaf for clients`() async throws {
    let wrong: [Leaf] = [
      Leaf(constraints: .isCertificateAuthority(maxPathLength: nil)),
      Leaf(keyUsage: nil),
      Leaf(keyUsage: KeyUsage(keyEncipherment: true)),
      Leaf(keyUsage: KeyUsage(digitalSignature: true, keyCertSign: true)),
      Leaf(keyUsage: KeyUsage(digitalSignature: true, cRLSign: true)),
      Leaf(extendedKeyUsage: nil),
      Leaf(extendedKeyUsage: [.serverAuth]),
      Leaf(others: [Certificate.Extension(oid: [1, 2, 3, 4], critical: true, value: [5, 0])]),
    ]
    for leaf in wrong { await expectUntrusted([try forge.leaf(leaf)]) }
    await expectUntrusted([forge.root.derBytes])
  }

  @Test func `an issuer that may not sign certificates`() async throws {
    let forge = try CertificateForge(keyUsage: KeyUsage(digitalSignature: true))
    await expectUntrusted([try forge.leaf()], roots: [forge.root])
    let old = try CertificateForge(keyUsage: nil)
    #expect(try await judge([old.leaf()], roots: [old.root]).method == .certificate)
  }

  @Test(arguments: [
    [], ["spiffe://cluster.local"], ["spiffe://cluster.local/admin"], ["https://cluster.local/ns/shop/sa/cart"],
    ["spiffe://cluster.local/ns/shop/sa/cart", "spiffe://cluster.local/ns/shop/sa/admin"],
    ["spiffe://cluster.local/ns/SHOP/sa/cart"], ["spiffe://cluster.local/ns/shop/sa/cart/x"],
  ])
  func `anything but the ID of one workload`(_ uris: [String]) async throws {
    #expect(try await error(Leaf(uris: uris)) == .noIdentity)
  }

  @Test func `a workload of another trust domain`() async throws {
    let leaf = Leaf(uris: ["spiffe://other.example/ns/shop/sa/cart"])
    #expect(try await error(leaf) == .foreignTrustDomain(try TrustDomain("other.example")))
  }

  @Test(arguments: [
    nil, [], [5, 0], [2, 1], [2, 1, 255], [2, 2, 0, 1], [4, 1, 1], [2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  ])
  func `no time of a last token, or none that can be read`(_ value: [UInt8]?) async throws {
    #expect(try await error(Leaf(lastTokenAuthentication: value)) == .noLastAuthentication)
  }

  @Test func `24 hours after the last token, to the second`() async throws {
    let day: TimeInterval = 24 * 3600
    let last = Claims.now - day
    let leaf = Leaf(lastTokenAuthentication: LastAuthentication(last).extensionValue)
    #expect(try await error(leaf, now: Claims.now - 1) == nil)
    #expect(try await error(leaf) == .tooLongAgo(last, limit: .seconds(24 * 3600)))
    let chain = [try forge.leaf()]
    await #expect(throws: Unauthenticated.self) { try await judge(chain, maximumAge: .seconds(3600)) }
    #expect(try await judge(chain, maximumAge: .seconds(3601)).method == .certificate)
  }

  @Test func `a last token in the future, beyond what clocks differ`() async throws {
    for (seconds, expected) in [(60, nil), (61, RenewalError.authenticatedInFuture)] as [(TimeInterval, RenewalError?)]
    {
      let leaf = Leaf(lastTokenAuthentication: LastAuthentication(Claims.now + seconds).extensionValue)
      #expect(try await error(leaf) == expected)
    }
  }

  /// Renewal hands the time on, so a chain of certificates ends a day after its token, however short its links.
  @Test func `a chain of renewals ends a day after its token`() async throws {
    var leaf = try forge.leaf(Leaf(lastTokenAuthentication: LastAuthentication(Claims.now).extensionValue))
    var now = Claims.now
    var renewals = 0
    while let caller = try? await judge([leaf], now: now), renewals < 1000 {
      renewals += 1
      now += 1800
      let begin = Int(now.timeIntervalSince(Claims.now)) - 120
      leaf = try forge.leaf(
        Leaf(
          lastTokenAuthentication: LastAuthentication(caller.lastTokenAuthentication).extensionValue,
          life: begin...begin + 3600
        )
      )
    }
    #expect(renewals == 48)
    #expect(now == Claims.now + 24 * 3600)
  }

  @Test func `chains that are no certificates, too long or too large`() async throws {
    let leaf = try forge.leaf()
    for chain in [[[]], [[1, 2, 3]], [leaf + [0]], [Array(leaf.dropLast())], [leaf, []]] as [[[UInt8]]] {
      let error = await #expect(throws: Unauthenticated.self) { try await judge(chain) }
      #expect(error?.failure.reason == .certificateMalformed)
    }
    await #expect(throws: Unauthenticated(.renewal(.chainTooLong))) {
      try await judge([[UInt8]](repeating: leaf, count: 6))
    }
    await #expect(throws: Unauthenticated(.renewal(.chainTooLong))) {
      try await judge([leaf, [UInt8](repeating: 0, count: 16 * 1024 + 1)])
    }
  }

  @Test func `a signature that was changed`() async throws {
    var leaf = try forge.leaf()
    leaf[leaf.count - 1] ^= 1
    await expectUntrusted([leaf])
  }
}

@Suite struct LastAuthenticationTests {
  @Test(
    arguments: [
      (0, [2, 1, 0]), (127, [2, 1, 127]), (128, [2, 2, 0, 128]), (1_800_000_100, [2, 4, 0x6B, 0x49, 0xD2, 0x64]),
      (253_402_300_799, [2, 5, 0x3A, 0xFF, 0xF4, 0x41, 0x7F]),
    ] as [(Int, [UInt8])]
  )
  func `seconds as an INTEGER`(_ seconds: Int, _ der: [UInt8]) {
    let value = LastAuthentication(Date(timeIntervalSince1970: TimeInterval(seconds)))
    #expect(value.extensionValue == der)
    #expect(LastAuthentication(extensionValue: der[...]) == value)
  }

  @Test func `fractions are cut off, and times outside of our calendar become its ends`() {
    #expect(LastAuthentication(Date(timeIntervalSince1970: 1.9)).extensionValue == [2, 1, 1])
    #expect(LastAuthentication(Date(timeIntervalSince1970: -5)).extensionValue == [2, 1, 0])
    #expect(LastAuthentication(.distantFuture + 1e18).extensionValue == [2, 5, 0x3A, 0xFF, 0xF4, 0x41, 0x7F])
  }

  @Test(
    arguments: [
      [], [2], [2, 0], [2, 1], [2, 1, 255], [2, 2, 0, 1], [2, 1, 0, 0], [2, 5, 0x3A, 0xFF, 0xF4, 0x41, 0x80],
      [3, 1, 0],
      [2, 0x81, 1, 0], [UInt8](repeating: 2, count: 17),
    ] as [[UInt8]]
  )
  func `anything else is no time`(_ der: [UInt8]) {
    #expect(LastAuthentication(extensionValue: der[...]) == nil)
  }

  /// Readers of X.509 in Go and Swift give up on numbers of more than 31 and 64 bits.
  @Test func `the extension's OID can be read everywhere`() throws {
    let numbers = "\(LastAuthentication.extensionID)".split(separator: ".").compactMap { Int($0) }
    #expect(numbers.count == 15)
    #expect(numbers.allSatisfy { $0 < 1 << 28 })
  }
}
