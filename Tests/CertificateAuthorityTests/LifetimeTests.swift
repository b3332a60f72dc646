import AmeshTesting
import FoundationEssentials
import Testing

@testable import CertificateAuthority

@Suite struct LifetimeTests {
  let now = TestAuthority.now

  @Test(
    arguments: [
      (nil, 3600, nil), (.seconds(0), 3600, nil), (.seconds(-5), 3600, nil), (.milliseconds(999), 3600, nil),
      (.seconds(600), 600, nil), (.milliseconds(600_999), 600, nil), (.seconds(86_400), 86_400, nil),
      (.seconds(86_401), 86_400, .cap), (.seconds(Int64.max), 86_400, .cap),
    ] as [(Duration?, Int, LifetimeLimit?)]
  )
  func `a lifetime is clamped to the cap and the answer says so`(
    _ asked: Duration?,
    _ seconds: Int,
    _ limit: LifetimeLimit?
  ) throws {
    let released = try TestAuthority().issue(lifetime: asked)
    #expect(released.certificate.validity.notBefore == now - 120)
    #expect(released.certificate.validity.notAfter == now + TimeInterval(seconds))
    #expect(released.limit == limit)
  }

  @Test func `no leaf outlives its signer`() throws {
    let authority = try TestAuthority(lifetime: .seconds(1800))
    let released = try authority.issue()
    #expect(released.certificate.validity.notAfter == now + 1800)
    #expect(released.limit == .signerEnd)
    #expect(try authority.verify(released).status == 0)
    let strict = LifetimePolicy(standard: .seconds(3600), maximum: .seconds(86_400), excess: .refuse)
    #expect(throws: IssuanceError.lifetimePastSigner(now + 1800)) { try authority.issue(policy: strict) }
    #expect(throws: IssuanceError.lifetimeOverCap(.seconds(86_400))) {
      try authority.issue(lifetime: .seconds(86_401), policy: strict)
    }
    #expect(try authority.issue(lifetime: .seconds(1800), policy: strict).limit == nil)
  }

  @Test func `no leaf outlives the root above its signer`() throws {
    let authority = try TestAuthority(rootLifetime: .seconds(900), lifetime: .seconds(1800))
    #expect(authority.intermediate.limit == .signerEnd)
    #expect(try authority.issue().certificate.validity.notAfter == now + 900)
  }

  @Test func `a signer at its end issues nothing`() throws {
    let authority = try TestAuthority(lifetime: .seconds(1800))
    let end = authority.issuer.validity
    #expect(throws: Never.self) { try authority.issue(now: now + 1790) }
    #expect(throws: IssuanceError.tooLittleLeft(now + 1800)) { try authority.issue(now: now + 1791) }
    #expect(throws: IssuanceError.signerNotValid(end)) { try authority.issue(now: now + 1801) }
    #expect(throws: IssuanceError.signerNotValid(end)) { try authority.issue(now: now - 121) }
  }

  @Test func `fractions of a second are cut off`() throws {
    let released = try TestAuthority().issue(now: now + 0.75)
    #expect(released.certificate.validity == ValidityPeriod(notBefore: now - 120, notAfter: now + 3600))
  }

  /// 2049-12-31T23:59:59Z is the last UTCTime.
  @Test(arguments: [
    (2_524_607_999, "UTCTIME           :491231235959Z"), (2_524_608_000, "GENERALIZEDTIME   :20500101000000Z"),
  ])
  func `the form of times changes in 2050`(_ end: Int, _ spelling: String) throws {
    let key = try KeyPool.key(.ecdsaP256)
    let root = try Issuer.makeRoot(
      TestAuthority().trustDomain,
      key: key,
      lifetime: .seconds(end - Int(now.timeIntervalSince1970)),
      now: now,
      serialNumber: .random(from: TestAuthority.library),
      cryptography: TestAuthority.library
    )
    #expect(Int(root.validity.notAfter.timeIntervalSince1970) == end)
    let structure = try OpenSSLCommand.run(["asn1parse"], input: Data(root.pem.utf8)).text
    #expect(structure.contains(spelling), "\(structure)")
  }

  @Test(arguments: 0..<4)
  func `dates by our calendar are those of Foundation`(_ seed: UInt64) throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    var random = SeededRandom(seed: seed)
    for _ in 0..<2_000 {
      let date = Date(
        timeIntervalSince1970: TimeInterval(Int.random(in: -10_000_000_000...30_000_000_000, using: &random))
      )
      let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
      let ours = CivilTime(date)
      #expect(parts.year == ours.year && parts.month == ours.month && parts.day == ours.day, "\(date)")
      #expect(parts.hour == ours.hour && parts.minute == ours.minute && parts.second == ours.second, "\(date)")
    }
  }

  @Test func `a date of nonsense is an error and no trap`() throws {
    let key = try KeyPool.key(.ecdsaP256)
    for moment in [Double.infinity, -.infinity, .nan, 1e300, -1e300, 1e12] {
      #expect(throws: (any Error).self, "\(moment)") {
        try Issuer.makeRoot(
          TestAuthority().trustDomain,
          key: key,
          lifetime: .seconds(60),
          now: Date(timeIntervalSince1970: moment),
          serialNumber: .random(from: TestAuthority.library),
          cryptography: TestAuthority.library
        )
      }
    }
  }
}
