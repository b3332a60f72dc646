import CertificateAuthority
import FoundationEssentials
import Testing

@Suite struct RotationCommandTests {
  private let fixture: RotationFixture

  init() throws { fixture = try RotationFixture() }

  private func refusal(_ command: RotationCommand, _ state: AuthorityState, hour: Double) -> RotationRefusal? {
    do throws(RotationRefusal) {
      _ = try command.action(state, fixture.observing(nil), fixture.policy, now: RotationFixture.hours(hour))
      return nil
    } catch {
      return error
    }
  }

  @Test func `commands are refused with the cure`() throws {
    let state = try fixture.prepared()
    let stranger = try #require(AuthorityID("stranger"))
    #expect(refusal(.prepare, fixture.first, hour: 1) == nil)
    #expect(refusal(.prepare, state, hour: 2) == .alreadyPrepared(fixture.newID))
    #expect(refusal(.activate(nil), fixture.first, hour: 1) == .nothingPrepared)
    #expect(refusal(.activate(fixture.oldID), state, hour: 2) == .alreadyActive(fixture.oldID))
    #expect(
      refusal(.activate(stranger), state, hour: 2) == .unknownRoot(stranger, known: [fixture.oldID, fixture.newID])
    )
    #expect(
      refusal(.activate(nil), state, hour: 2)
        == .notSpread(fixture.newID, holds: [.notPublished(replica: "a")], until: nil)
    )
    #expect(refusal(.retire(fixture.oldID), state, hour: 2) == .signs(fixture.oldID))
    let active = try state.activating(fixture.newID, at: RotationFixture.hours(30))
    let free = RotationFixture.hours(168).addingTimeInterval(fixture.policy.skew)
    #expect(refusal(.retire(fixture.oldID), active, hour: 31) == .inUse(fixture.oldID, until: free))
    let retired = try active.retiring(fixture.oldID, at: RotationFixture.hours(300))
    #expect(refusal(.activate(fixture.oldID), retired, hour: 301) == .alreadyRetired(fixture.oldID))
    #expect(refusal(.retire(fixture.oldID), retired, hour: 301) == .alreadyRetired(fixture.oldID))
  }

  @Test func `a prepared root that never signed is retired at once`() throws {
    #expect(refusal(.retire(fixture.newID), try fixture.prepared(), hour: 2) == nil)
  }

  @Test func `a superseded root takes over again`() throws {
    let active = try fixture.prepared().activating(fixture.newID, at: RotationFixture.hours(30))
    let back = try active.activating(fixture.oldID, at: RotationFixture.hours(40))
    #expect(back.signer?.id == fixture.oldID)
    #expect(back.root(fixture.newID)?.phase == .superseded)
  }

  @Test func `force takes a step before it is safe, and none that can't be`() throws {
    let state = try fixture.prepared()
    let seen = fixture.observing(nil)
    let now = RotationFixture.hours(2)
    #expect(
      try RotationCommand.activate(nil).action(state, seen, fixture.policy, now: now, force: true)
        == .activate(fixture.newID)
    )
    #expect(throws: RotationRefusal.signs(fixture.oldID)) {
      try RotationCommand.retire(fixture.oldID).action(state, seen, fixture.policy, now: now, force: true)
    }
  }

  @Test func `an expired root can't be activated`() throws {
    let state = try fixture.first.preparing(
      RotationFixture.root(fixture.newID, from: RotationFixture.start, days: 2),
      key: nil,
      at: RotationFixture.hours(1)
    )
    let error = #expect(throws: RotationRefusal.self) {
      try RotationCommand.activate(nil).action(
        state,
        .init(),
        fixture.policy,
        now: RotationFixture.hours(48),
        force: true
      )
    }
    #expect(error?.description.contains("prepare a new root") == true)
  }

  @Test func `an intermediate is recorded under the signer only, and never beyond it`() throws {
    let state = try fixture.prepared()
    let id = try #require(AuthorityID("x"))
    func record(_ id: AuthorityID, under root: AuthorityID, until end: Date) throws -> AuthorityState {
      try state.recording(
        id,
        under: root,
        replica: "b",
        notAfter: end,
        leafCap: 3_600,
        at: RotationFixture.hours(2)
      )
    }
    #expect(throws: RotationRefusal.notTheSigner(fixture.newID, signer: fixture.oldID)) {
      try record(id, under: fixture.newID, until: RotationFixture.hours(3))
    }
    #expect(throws: RotationRefusal.outlivesRoot(id)) {
      try record(id, under: fixture.oldID, until: RotationFixture.hours(90_000))
    }
  }
}
