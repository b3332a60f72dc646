import CertificateAuthority
import FoundationEssentials
import Testing

@Suite struct ScheduleTests {
  private let fixture: RotationFixture
  private let policy = RotationPolicy()

  init() throws { fixture = try RotationFixture() }

  @Test(arguments: [(0.0, 0.4), (0.5, 0.5), (1.0, 0.6), (-3.0, 0.4), (7.0, 0.6)])
  func `a leaf is pushed at half of its life, give or take a tenth`(draw: Double, part: Double) {
    let pushAt = LeafSchedule.pushAt(issued: RotationFixture.start, notAfter: RotationFixture.hours(1), draw: draw)
    #expect(abs(pushAt.timeIntervalSince(RotationFixture.start) - part * 3_600) < 0.001)
  }

  @Test(arguments: [(0.0, 120.0), (1.0, 108.0)])
  func `an intermediate is replaced while two of the longest leaves are left`(draw: Double, hour: Double) throws {
    let root = RotationFixture.root(fixture.oldID, from: RotationFixture.start, days: 100)
    let schedule = try #require(IntermediateSchedule(under: root, policy, now: RotationFixture.start, draw: draw))
    #expect(schedule.notAfter == RotationFixture.hours(168))
    #expect(schedule.replaceAt == RotationFixture.hours(hour))
  }

  @Test func `an intermediate never outlives its root, and there is none under one that is over`() throws {
    let root = RotationFixture.root(fixture.oldID, from: RotationFixture.start, days: 1)
    let schedule = try #require(IntermediateSchedule(under: root, policy, now: RotationFixture.hours(4), draw: 0))
    #expect(schedule.notAfter == RotationFixture.hours(24))
    #expect(schedule.replaceAt == RotationFixture.hours(14))
    #expect(IntermediateSchedule(under: root, policy, now: RotationFixture.hours(24), draw: 0) == nil)
  }

  @Test func `a leaf ends with its intermediate at the latest, and none is made at its very end`() throws {
    let schedule = try #require(
      IntermediateSchedule(under: try signer(), policy, now: RotationFixture.start, draw: 0)
    )
    let held = HeldIntermediate(id: fixture.newID, root: fixture.oldID, schedule: schedule)
    #expect(held.leafEnds(policy, now: RotationFixture.start) == RotationFixture.hours(1))
    #expect(held.leafEnds(asked: 600, policy, now: RotationFixture.start) == RotationFixture.hours(1.0 / 6))
    #expect(held.leafEnds(asked: 1_000_000, policy, now: RotationFixture.start) == RotationFixture.hours(24))
    #expect(held.leafEnds(asked: 86_400, policy, now: RotationFixture.hours(160)) == RotationFixture.hours(168))
    #expect(held.leafEnds(policy, now: RotationFixture.hours(167.5)) == nil)
  }

  @Test func `a replica replaces its intermediate when due, when another root signs, and not for nothing`() throws {
    let schedule = try #require(
      IntermediateSchedule(under: try signer(), policy, now: RotationFixture.start, draw: 0)
    )
    let held = HeldIntermediate(id: fixture.newID, root: fixture.oldID, schedule: schedule)
    let replace = IntermediateAction.replace(under: fixture.oldID)
    #expect(IntermediateAction.decide(nil, fixture.first, policy, now: RotationFixture.start) == replace)
    #expect(IntermediateAction.decide(held, fixture.first, policy, now: RotationFixture.hours(119)) == .keep)
    #expect(IntermediateAction.decide(held, fixture.first, policy, now: RotationFixture.hours(120)) == replace)
    let rotated = try fixture.prepared().activating(fixture.newID, at: RotationFixture.hours(2))
    #expect(
      IntermediateAction.decide(held, rotated, policy, now: RotationFixture.hours(2)) == .replace(under: fixture.newID)
    )
    // At the end of the root.
    let late = RotationFixture.hours(3_650 * 24 - 40)
    let last = try #require(IntermediateSchedule(under: try signer(), policy, now: late, draw: 0))
    let lastHeld = HeldIntermediate(id: fixture.newID, root: fixture.oldID, schedule: last)
    #expect(IntermediateAction.decide(lastHeld, fixture.first, policy, now: last.replaceAt) == .keep)
  }

  private func signer() throws -> RootCertificate { try #require(fixture.first.signer?.certificate) }
}
