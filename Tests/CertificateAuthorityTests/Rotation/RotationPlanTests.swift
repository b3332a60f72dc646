import CertificateAuthority
import FoundationEssentials
import Testing

@Suite struct RotationPlanTests {
  private let fixture: RotationFixture

  init() throws { fixture = try RotationFixture() }

  private func plan(_ state: AuthorityState?, _ seen: RotationObservations = .init(), at now: Date) -> RotationPlan {
    RotationPlan.make(state, seen, fixture.policy, now: now)
  }

  @Test func `without a state, the first root is made`() {
    #expect(plan(nil, at: RotationFixture.start).actions == [.createFirstRoot])
  }

  @Test func `the next root is prepared thirty days before the end, not earlier`() {
    let due = RotationFixture.start.addingTimeInterval(3_620 * 86_400)
    let before = plan(fixture.first, at: due.addingTimeInterval(-1))
    #expect(before.actions == [])
    #expect(before.nextLook == due)
    #expect(plan(fixture.first, at: due).actions == [.prepare])
  }

  @Test func `a root that was plugged in is not followed by one of ours`() throws {
    let plugged = AuthorityState(
      trustDomain: fixture.first.trustDomain,
      firstRoot: RotationFixture.root(fixture.oldID, from: RotationFixture.start, days: 3_650),
      key: nil,
      at: RotationFixture.start
    )
    for days in [3_619.0, 3_621, 3_650] {
      #expect(!plan(plugged, at: RotationFixture.hours(days * 24)).actions.contains(.prepare))
    }
  }

  @Test func `a short root is replaced at half of its life`() {
    let root = RotationFixture.root(fixture.oldID, from: RotationFixture.start, days: 40)
    #expect(fixture.policy.prepareSuccessor(of: root) == RotationFixture.hours(20 * 24))
  }

  @Test func `a prepared root is activated as soon as its spread is proven`() throws {
    let seen = fixture.observing(RootSpread(publishedAt: RotationFixture.hours(1)))
    #expect(plan(try fixture.prepared(), seen, at: RotationFixture.hours(2)).actions == [.activate(fixture.newID)])
  }

  @Test(arguments: [
    (RootSpread(publishedAt: RotationFixture.hours(1), waitingSubscribers: 1), true),
    (RootSpread(publishedAt: RotationFixture.hours(1), olderBundlesUntil: RotationFixture.hours(2)), true),
    (RootSpread(publishedAt: RotationFixture.hours(1)), false),
  ])
  func `what lacks of the proof is waited for`(spread: RootSpread, configMaps: Bool) throws {
    let seen = fixture.observing(spread, configMaps: configMaps)
    let state = try fixture.prepared()
    let waiting = plan(state, seen, at: RotationFixture.hours(2))
    #expect(waiting.actions == [])
    #expect(waiting.holds.count == 1)
    let settling = fixture.policy.settling
    // Time proves nothing of a ConfigMap; the end of what signs is the last chance.
    let end = try #require(state.signer).certificate.notAfter
    let until =
      configMaps ? RotationFixture.hours(1).addingTimeInterval(settling) : end.addingTimeInterval(-2 * settling)
    #expect(
      plan(state, seen, at: until.addingTimeInterval(-1)).actions.contains(.activate(fixture.newID))
        == (spread.olderBundlesUntil != nil)
    )
    #expect(plan(state, seen, at: until).actions.contains(.activate(fixture.newID)))
  }

  @Test func `who reads a ConfigMap that has the root is waited for as everyone is`() throws {
    var seen = fixture.observing(RootSpread(publishedAt: RotationFixture.hours(1)), configMaps: false)
    seen.configMapsBehind = [fixture.newID: []]
    let state = try fixture.prepared()
    let until = RotationFixture.hours(1).addingTimeInterval(fixture.policy.settling)
    #expect(plan(state, seen, at: until.addingTimeInterval(-1)).actions == [])
    #expect(plan(state, seen, at: until).actions == [.activate(fixture.newID)])
  }

  @Test func `namespaces whose ConfigMaps lack the root are named`() throws {
    var seen = fixture.observing(RootSpread(publishedAt: RotationFixture.hours(1)), configMaps: false)
    seen.configMapsBehind = [fixture.newID: ["a", "b", "c", "d", "e", "f", "g"]]
    let hold = try #require(plan(try fixture.prepared(), seen, at: RotationFixture.hours(2)).holds.first)
    #expect("\(hold)".contains("the ConfigMaps of a, b, c, d, e and 2 more namespaces are without it"))
  }

  @Test func `a replica that has not published the root holds it for as long as it reports so`() throws {
    let state = try fixture.prepared()
    let seen = fixture.observing(nil)
    #expect(plan(state, seen, at: RotationFixture.hours(100)).actions == [])
  }

  @Test func `a silent replica holds the root until its intermediate is over and settled`() throws {
    let state = try fixture.prepared()
    let settled = RotationFixture.hours(168).addingTimeInterval(fixture.policy.settling)
    let seen = RotationObservations(configMapsHold: [fixture.newID])
    #expect(plan(state, seen, at: settled.addingTimeInterval(-1)).actions == [])
    #expect(plan(state, seen, at: settled).actions.first == .activate(fixture.newID))
  }

  @Test func `a replica that is gone is dropped, and settled a leaf later`() throws {
    let state = try fixture.prepared()
    let id = try #require(state.intermediates.first?.id)
    let gone = RotationObservations(replicas: ["a": .gone], configMapsHold: [fixture.newID])
    #expect(plan(state, gone, at: RotationFixture.hours(2)).actions == [.drop([id])])
    let dropped = try state.dropping([id], at: RotationFixture.hours(2))
    let settled = RotationFixture.hours(2).addingTimeInterval(fixture.policy.settling)
    #expect(plan(dropped, gone, at: settled.addingTimeInterval(-1)).actions == [])
    #expect(plan(dropped, gone, at: settled).actions.first == .activate(fixture.newID))
  }

  @Test func `an old root stays while an intermediate under it may sign, and a leaf longer`() throws {
    let state = try fixture.prepared().activating(fixture.newID, at: RotationFixture.hours(30))
    let id = try #require(state.intermediates.first?.id)
    #expect(plan(state, at: RotationFixture.hours(100)).actions == [])
    let dropped = try state.dropping([id], at: RotationFixture.hours(31))
    let free = RotationFixture.hours(31).addingTimeInterval(fixture.policy.settling)
    #expect(plan(dropped, at: free.addingTimeInterval(-1)).actions == [])
    #expect(plan(dropped, at: free).actions.first == .retire(fixture.oldID))
  }

  @Test(arguments: [(60.0, 7_200.0), (86_400.0, 3_600.0), (3_600.0, 86_400.0)])
  func `leaves are waited for by the policy that they were issued by, or today's if that is longer`(
    recorded: Double,
    today: Double
  ) throws {
    var policy = fixture.policy
    policy.leafCap = today
    let longest = max(recorded, today) + policy.skew
    func actions(_ state: AuthorityState, at now: Date) -> [RotationAction] {
      RotationPlan.make(state, RotationObservations(configMapsHold: [fixture.newID]), policy, now: now).actions
    }
    let state = try fixture.prepared(leafCap: recorded)
    let id = try #require(state.intermediates.first?.id)

    // Nothing is proven, so the new root waits for all leaves from before.
    let ended = try state.dropping([id], at: RotationFixture.hours(1))
    let settled = RotationFixture.hours(1).addingTimeInterval(longest)
    #expect(actions(ended, at: settled.addingTimeInterval(-1)) == [])
    #expect(actions(ended, at: settled).first == .activate(fixture.newID))

    let superseded = try state.activating(fixture.newID, at: RotationFixture.hours(30))
      .dropping([id], at: RotationFixture.hours(31))
    let free = RotationFixture.hours(31).addingTimeInterval(longest)
    #expect(actions(superseded, at: free.addingTimeInterval(-1)) == [])
    #expect(actions(superseded, at: free).first == .retire(fixture.oldID))
    #expect(throws: RotationRefusal.inUse(fixture.oldID, until: free)) {
      try RotationCommand.retire(fixture.oldID)
        .action(superseded, .init(), policy, now: free.addingTimeInterval(-1), force: false)
    }
  }

  @Test func `a retired root is forgotten after its history`() throws {
    let retired = try fixture.prepared().activating(fixture.newID, at: RotationFixture.hours(30))
      .retiring(fixture.oldID, at: RotationFixture.hours(300))
    let forgotten = RotationFixture.hours(300).addingTimeInterval(fixture.policy.history)
    let id = try #require(retired.intermediates.first?.id)
    #expect(plan(retired, at: forgotten).actions == [.prune(roots: [fixture.oldID], intermediates: [id])])
    let pruned = retired.pruning(roots: [fixture.oldID], intermediates: [id], at: forgotten)
    #expect(pruned.roots.map(\.id) == [fixture.newID])
    #expect(pruned.intermediates == [])
  }

  @Test func `when the signer is over, its successor need not wait`() throws {
    let state = try fixture.first.preparing(
      RotationFixture.root(fixture.newID, from: RotationFixture.hours(87_599), days: 100),
      key: nil,
      at: RotationFixture.hours(87_599)
    )
    #expect(plan(state, at: RotationFixture.hours(87_600)).actions.first == .activate(fixture.newID))
  }

  @Test func `what is left to commands is named`() throws {
    var policy = fixture.policy
    policy.isAutomatic = false
    let seen = fixture.observing(RootSpread(publishedAt: RotationFixture.hours(1)))
    let plan = RotationPlan.make(try fixture.prepared(), seen, policy, now: RotationFixture.hours(2))
    #expect(plan.actions == [])
    #expect(plan.holds == [.command("amesh ca rotate activate new")])
  }

  @Test func `the usual policy is sound, and a contradicting one is told of each problem`() {
    #expect(RotationPolicy().problems == [])
    var policy = RotationPolicy()
    policy.leafCap = 30
    policy.leafLife = 40
    policy.skew = 0
    policy.intermediateLife = 60
    policy.rootLife = 100
    #expect(policy.problems.count == 3)
    #expect(policy.cautions.count == 2)
    #expect(RotationPolicy().cautions == [])
  }
}
