import CertificateAuthority
import FoundationEssentials
import OpenSSLKeys
import SPIFFE
import Testing

struct CertificateFindingsTests {
  private let authority: TestAuthority
  private let now = TestAuthority.now

  init() throws { authority = try TestAuthority("td") }

  private func faults(_ findings: CertificateFindings) -> [String] {
    (findings.certificates.joined() + findings.chain).filter { $0.severity == .fault }.map(\.text)
  }

  @Test func `nothing is wrong with what we issue`() async throws {
    let chain = try authority.issue().chain
    let findings = await CertificateFindings.of(chain, bundle: authority.bundle, now: now)
    #expect(findings.isFaultless)
    #expect(findings.certificates == [[], []])
    #expect(findings.chain.isEmpty)
  }

  @Test func `time is told on both sides of a life`() async throws {
    let chain = try authority.issue().chain
    for (moment, text) in [(now - 121, "not valid yet"), (now + 3601, "expired")] {
      let findings = await CertificateFindings.of(chain, bundle: nil, now: moment)
      #expect(faults(findings).count { $0.contains(text) } >= 1)
    }
    let late = await CertificateFindings.of(chain, bundle: authority.bundle, now: now + 3500)
    #expect(late.isFaultless)
    #expect(late.certificates[0].map(\.text) == ["less than a tenth of its life is left"])
  }

  @Test func `every fault of a leaf is told`() async throws {
    // A serving certificate without identity: no URI, and no clientAuth.
    let serving = try authority.issue(.serving(dnsNames: ["a.svc"], identity: nil))
    let findings = await CertificateFindings.of(serving.chain, bundle: nil, now: now)
    #expect(faults(findings) == ["\(VerificationError.notOneURI(0))", "\(VerificationError.badExtendedKeyUsage)"])
  }

  @Test func `a long life is remarked`() async throws {
    let policy = LifetimePolicy(standard: .seconds(26 * 3600), maximum: .seconds(26 * 3600))
    let findings = await CertificateFindings.of(try authority.issue(policy: policy).chain, bundle: nil, now: now)
    #expect(findings.isFaultless)
    #expect(findings.certificates[0].first?.text.contains("longer than a day") == true)
  }

  @Test func `chains that do not fit together are told`() async throws {
    let leaf = try authority.issue()
    let other = try TestAuthority("td")
    let wrong = await CertificateFindings.of([leaf.certificate] + other.issuer.intermediates, bundle: nil, now: now)
    #expect(faults(wrong).count == 1)
    #expect(faults(wrong).first?.contains("put each one's signer next") == true)
    let twoLeaves = await CertificateFindings.of([leaf.certificate, leaf.certificate], bundle: nil, now: now)
    #expect(faults(twoLeaves).contains { $0.contains("is no authority") })
    let rooted = await CertificateFindings.of(leaf.chain + [authority.root], bundle: nil, now: now)
    #expect(rooted.isFaultless)
    #expect(rooted.certificates[2].map(\.text) == ["it is a root, which peers have already; a chain goes without"])
    let stranger = await CertificateFindings.of(leaf.chain, bundle: other.bundle, now: now)
    #expect(faults(stranger).count == 1)
    #expect(faults(stranger).first?.hasPrefix("against the trust bundle") == true)
  }

  @Test func `an empty chain has no findings`() async {
    let findings = await CertificateFindings.of([], bundle: authority.bundle, now: now)
    #expect(findings.certificates.isEmpty)
  }
}
