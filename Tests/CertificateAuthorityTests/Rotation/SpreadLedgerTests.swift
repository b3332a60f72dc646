import CertificateAuthority
import FoundationEssentials
import Testing

@Suite struct SpreadLedgerTests {
  private let old: AuthorityID
  private let new: AuthorityID
  private var ledger = SpreadLedger()

  init() throws {
    old = try #require(AuthorityID("old"))
    new = try #require(AuthorityID("new"))
    ledger.publish([old], generation: 1, at: RotationFixture.start)
  }

  private mutating func publishNew() { ledger.publish([old, new], generation: 2, at: RotationFixture.hours(1)) }

  @Test mutating func `a subscriber counts until it has acknowledged`() {
    var subscriber = SpreadLedger.Subscriber()
    ledger.opened(subscriber)
    ledger.acknowledged(1, by: &subscriber)
    publishNew()
    #expect(ledger.report.spread[new] == RootSpread(publishedAt: RotationFixture.hours(1), waitingSubscribers: 1))
    #expect(ledger.report.spread[old] == RootSpread(publishedAt: RotationFixture.start))
    ledger.acknowledged(2, by: &subscriber)
    #expect(ledger.report.spread[new]?.waitingSubscribers == 0)
    ledger.acknowledged(1, by: &subscriber)
    #expect(ledger.report.spread[new]?.waitingSubscribers == 0, "an acknowledgement can't go back")
  }

  @Test mutating func `a leaf whose holder has gone counts with the bundle that it had`() {
    var subscriber = SpreadLedger.Subscriber()
    ledger.opened(subscriber)
    ledger.acknowledged(1, by: &subscriber)
    ledger.handedOut(leafEnds: RotationFixture.hours(9), to: &subscriber)
    ledger.handedOut(leafEnds: RotationFixture.hours(8), to: &subscriber)
    publishNew()
    ledger.closed(subscriber)
    #expect(ledger.report.spread[new]?.waitingSubscribers == 0)
    #expect(ledger.report.spread[new]?.olderBundlesUntil == RotationFixture.hours(9))
    #expect(ledger.report.spread[old]?.olderBundlesUntil == nil)
  }

  @Test mutating func `a leaf in one answer with the bundle counts with that, one alone with none`() {
    ledger.handedOut(leafEnds: RotationFixture.hours(5), withBundle: true)
    publishNew()
    #expect(ledger.report.spread[new]?.olderBundlesUntil == RotationFixture.hours(5))
    ledger.handedOut(leafEnds: RotationFixture.hours(7), withBundle: true)
    #expect(ledger.report.spread[new]?.olderBundlesUntil == RotationFixture.hours(5))
    ledger.handedOut(leafEnds: RotationFixture.hours(6), withBundle: false)
    #expect(ledger.report.spread[new]?.olderBundlesUntil == RotationFixture.hours(6))
    #expect(ledger.report.spread[old]?.olderBundlesUntil == RotationFixture.hours(6))
  }

  @Test mutating func `an older generation is not published over a newer one`() {
    publishNew()
    ledger.publish([old], generation: 1, at: RotationFixture.hours(2))
    #expect(ledger.current == 2)
    #expect(ledger.report.spread[new] != nil)
  }

  @Test mutating func `a root that was away is published anew`() {
    publishNew()
    ledger.publish([old], generation: 3, at: RotationFixture.hours(2))
    ledger.publish([old, new], generation: 4, at: RotationFixture.hours(3))
    #expect(ledger.report.spread[new]?.publishedAt == RotationFixture.hours(3))
  }
}
