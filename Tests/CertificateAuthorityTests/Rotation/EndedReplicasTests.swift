import FoundationEssentials
import Testing

@testable import CertificateAuthority

@Suite struct EndedReplicasTests {
  private let fixture: RotationFixture

  init() throws { fixture = try RotationFixture() }

  /// - Parameter names: of processes that record an intermediate one after the other, an hour apart.
  private func state(_ names: [String], leafCaps: [Double] = []) throws -> AuthorityState {
    var state = fixture.first
    for (index, name) in names.enumerated() {
      state = try state.recording(
        try #require(AuthorityID("i\(index)")),
        under: fixture.oldID,
        replica: name,
        notAfter: RotationFixture.hours(168),
        leafCap: index < leafCaps.count ? leafCaps[index] : fixture.policy.leafCap,
        at: RotationFixture.hours(Double(index))
      )
    }
    return state
  }

  private func ids(_ numbers: [Int]) throws -> [AuthorityID] { try numbers.map { try #require(AuthorityID("i\($0)")) } }

  private func actions(_ state: AuthorityState, _ replicas: [String: ReplicaObservation] = [:]) -> [RotationAction] {
    let seen = RotationObservations(replicas: replicas)
    return RotationPlan.make(state, seen, fixture.policy, now: RotationFixture.hours(10)).actions
  }

  @Test(arguments: [
    ("amesh-7f9c-x2.k3j9", "amesh-7f9c-x2"), ("a.b.c1", "a.b"), ("amesh-k3j9", nil), ("node.example.com-k3j9", nil),
    ("replica", nil), ("", nil),
  ])
  func `a name tells the Pod of its process`(name: String, pod: String?) {
    #expect(ReplicaName.pod(name).map(String.init) == pod)
  }

  @Test func `what is made is understood`() {
    #expect(ReplicaName.pod(ReplicaName.ofProcess(inPod: "amesh-0.x", token: "k3")) == "amesh-0.x")
    #expect(ReplicaName.pod(ReplicaName.ofProcess(onHost: "db.example", token: "k3")) == nil)
  }

  @Test func `a later process of the same Pod proves that the earlier ones have ended`() throws {
    let state = try state(["p.1", "q.1", "p.2", "host-1", "host-2", "q.1", "p.3"])
    #expect(state.endedReplicas == ["p.1", "p.2"])
    #expect(actions(state) == [.drop(try ids([0, 2]))])
    // Whatever was last heard of them.
    let heard = ReplicaObservation.reports(ReplicaReport(spread: [:]))
    #expect(actions(state, ["p.1": heard, "p.2": heard]) == [.drop(try ids([0, 2]))])
  }

  @Test func `of a Pod's ended processes the state keeps the last`() throws {
    let state = try state(["p.1", "p.2", "p.3", "p.4"])
    let dropped = try state.dropping(try ids([0, 1, 2]), at: RotationFixture.hours(9))
    #expect(actions(dropped) == [.prune(roots: [], intermediates: try ids([0, 1]))])
    #expect(actions(dropped.pruning(roots: [], intermediates: try ids([0, 1]), at: RotationFixture.hours(9))) == [])
  }

  @Test func `one that allowed longer leaves stays beside the last`() throws {
    let state = try state(["p.1", "p.2", "p.3"], leafCaps: [4 * fixture.policy.leafCap])
    #expect(actions(try state.dropping(try ids([0, 1]), at: RotationFixture.hours(9))) == [])
  }

  @Test func `what a living process has dropped covers nothing of those before it`() throws {
    let state = try state(["p.1", "p.2", "p.2"])
    #expect(actions(try state.dropping(try ids([0, 1]), at: RotationFixture.hours(9))) == [])
  }

  @Test func `the report of an ended process is no longer asked`() throws {
    let state = try state(["p.1", "p.2"]).preparing(
      RotationFixture.root(fixture.newID, from: RotationFixture.start, days: 3_650),
      key: .uri("store:test"),
      at: RotationFixture.hours(3)
    )
    let root = try #require(state.successor)
    let proof = ReplicaReport(spread: [fixture.newID: RootSpread(publishedAt: RotationFixture.hours(3))])
    let seen = RotationObservations(
      replicas: ["p.1": .reports(proof), "p.2": .reports(proof)],
      configMapsHold: [fixture.newID]
    )
    let verdict = SpreadVerdict.of(root, in: state, seen, fixture.policy, now: RotationFixture.hours(4))
    guard case .held(let holds, _) = verdict, case .silent("p.1", _)? = holds.first, holds.count == 1 else {
      Issue.record("\(verdict)")
      return
    }
  }
}
