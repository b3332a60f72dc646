import CertificateAuthority
import CertificateCustody
import CertificateTesting
import Foundation
import Testing

@Suite struct EarlierBundleTests {
  private let fixture: PluggedInFixture
  private let other: MadeAuthority
  private let next: MadeAuthority
  private let wait: TimeInterval

  init() throws {
    fixture = try PluggedInFixture()
    other = try fixture.maker.root("other")
    next = try fixture.maker.intermediate("next", under: other)
    wait = fixture.policy.settling + 300
  }

  private func later(_ seconds: TimeInterval) -> Date { fixture.now.addingTimeInterval(seconds) }

  @Test func `at the first start of all, what the files hold counts as spread`() async throws {
    try fixture.mount(PluggedInFixture.istio(fixture.signer, roots: [fixture.root, other]))
    let custody = try fixture.open()
    #expect(custody.caution == nil)
    try fixture.mount(PluggedInFixture.istio(next, roots: [fixture.root, other]))
    _ = custody.look(now: later(wait))
    #expect(custody.signing.signer == next.certificate)
  }

  @Test func `files replaced before a start: the new root signs at once, the old one stays for its leaves`()
    async throws
  {
    try fixture.leaveBundle(fixture.root.pem, written: later(-900_000))
    try fixture.mount(PluggedInFixture.istio(next, roots: [other]))
    let custody = try fixture.open()
    #expect(custody.signing.signer == next.certificate)
    #expect(custody.caution?.contains("signs at once though nobody was given it before") == true)
    let state = try #require(try await custody.load())
    #expect(state.signer?.certificate == (try other.root()))
    #expect(Set(state.bundle.map(\.id)) == [try fixture.root.root().id, try other.root().id])

    #expect(custody.look(now: later(wait - 1)) == .unchanged)
    #expect(try await custody.load()?.bundle.count == 2)
    #expect(custody.look(now: later(wait)) == .advanced)
    #expect(try await custody.load()?.bundle == [try other.root()])
  }

  @Test func `started anew in the middle of a replacement, both roots stay and nothing is amiss`() async throws {
    try fixture.leaveBundle(fixture.root.pem + other.pem, written: later(-60))
    try fixture.mount(PluggedInFixture.istio(next, roots: [other]))
    let custody = try fixture.open()
    #expect(custody.caution == nil)
    #expect(try await custody.load()?.bundle.count == 2)
  }

  @Test(arguments: [false, true])
  func `a root that was listed shortly before a start waits until everyone has it`(wasGivenOut: Bool) throws {
    let since: TimeInterval = wasGivenOut ? -60 : 0
    try fixture.leaveBundle(fixture.root.pem + (wasGivenOut ? other.pem : ""), written: later(-60))
    try fixture.mount(PluggedInFixture.istio(fixture.signer, roots: [fixture.root, other]))
    let custody = try fixture.open()
    #expect(custody.caution == nil)
    try fixture.mount(PluggedInFixture.istio(next, roots: [fixture.root, other]))
    _ = custody.look(now: fixture.now)
    _ = custody.look(now: later(since + wait - 1))
    #expect(custody.signing.signer == fixture.signer.certificate)
    _ = custody.look(now: later(since + wait))
    #expect(custody.signing.signer == next.certificate)
  }

  @Test func `a root that is over is not kept`() async throws {
    var short = fixture.maker
    short.notAfter = fixture.now
    try fixture.leaveBundle(try short.root("over").pem + fixture.root.pem, written: later(-600))
    try fixture.mount(PluggedInFixture.istio(fixture.signer, roots: [fixture.root]))
    #expect(try await fixture.open().load()?.bundle == [try fixture.root.root()])
  }

  @Test(arguments: ["", "no bundle", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
  func `a bundle that can't be read is told of and keeps nobody from starting`(text: String) async throws {
    try fixture.leaveBundle(text, written: fixture.now)
    try fixture.mount(PluggedInFixture.istio(fixture.signer, roots: [fixture.root]))
    let custody = try fixture.open()
    #expect(custody.caution?.contains("holds something else than root certificates") == true)
    #expect(try await custody.load()?.bundle == [try fixture.root.root()])
  }

  @Test func `an intermediate is no root to be kept`() throws {
    try fixture.leaveBundle(fixture.root.pem + fixture.signer.pem, written: fixture.now)
    try fixture.mount(PluggedInFixture.istio(fixture.signer, roots: [fixture.root]))
    #expect(try fixture.open().caution != nil)
  }
}
