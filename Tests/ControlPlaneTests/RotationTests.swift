import CertificateAuthority
import FoundationEssentials
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import MeshAuthority
import SPIFFE
import Testing

@testable import ControlPlane

/// Replicas that share a Secret, through whole rotations of the root.
@Suite(.serialized) struct RotationTests {
  private static func phases(_ state: AuthorityState?) -> [AuthorityRoot.Phase] { state?.roots.map(\.phase) ?? [] }

  @Test(.timeLimit(.minutes(2))) func `three replicas take a root through all phases by themselves`() async throws {
    let mesh = try await Mesh()
    for skew in [0.0, 40, -40] { await mesh.start(skew: skew) }
    let leaves = Leaves()
    var seen: [[AuthorityRoot.Phase]] = []
    let isDone = try await mesh.pass(upTo: 4_000, step: 10) {
      try await leaves.pass(mesh)
      let phases = Self.phases(try await mesh.state())
      if seen.last != phases { seen.append(phases) }
    } until: {
      Self.phases(try await mesh.state()) == [.retired, .active]
    }
    #expect(isDone)
    #expect(seen == [[.active], [.active, .prepared], [.superseded, .active], [.retired, .active]])
    #expect(leaves.verified > 100)
    #expect(try await mesh.state()?.roots.count == 2, "nobody has made a second one")
    await mesh.end()
  }

  @Test(
    .timeLimit(.minutes(2)),
    arguments: [
      [AuthorityRoot.Phase.active], [.active, .prepared], [.superseded, .active],
    ]
  )
  func `the leader is killed within a step, and the next goes on`(_ phases: [AuthorityRoot.Phase]) async throws {
    let mesh = try await Mesh()
    for _ in 0..<3 { await mesh.start() }
    let leaves = Leaves()
    var fences: [Int] = []
    var isKilled = false
    let isDone = try await mesh.pass(upTo: 4_000, step: 10) {
      if !isKilled, Self.phases(try await mesh.state()) == phases, let leader = mesh.leader {
        isKilled = true
        await mesh.kill(leader.name)
        await mesh.start()
      }
      try await leaves.pass(mesh)
      if let fence = try await mesh.fence(), fences.last != fence { fences.append(fence) }
    } until: {
      Self.phases(try await mesh.state()) == [.retired, .active]
    }
    #expect(isDone)
    #expect(isKilled)
    #expect(fences == fences.sorted() && fences.count >= 2, "\(fences)")
    #expect(try await mesh.state()?.roots.count == 2)
    await mesh.end()
  }

  @Test(.timeLimit(.minutes(2))) func `a replica that is cut off is waited for, and ends before it could do harm`()
    async throws
  {
    let mesh = try await Mesh()
    for _ in 0..<3 { await mesh.start() }
    // Lives are long compared with these steps: the cut comes before the next root is prepared.
    _ = try await mesh.pass(upTo: 2_000, step: 10) {
      Self.phases(try await mesh.state()) == [.active] && mesh.clock.now.offset >= .seconds(1_800)
    }
    let lost = try #require(mesh.replicas.values.first { $0.name != mesh.leader?.name })
    lost.client.isCut = true
    mesh.server.endWatches(throwing: .cut)
    let cut = mesh.now
    var lastIssued = cut
    let leaves = Leaves()
    let isActive = try await mesh.pass(upTo: 5_000, step: 10) {
      // It goes on from memory, as long as it may.
      if (try? mesh.leaf(lost)) != nil { lastIssued = mesh.now }
      try await leaves.pass(mesh)
    } until: {
      Self.phases(try await mesh.state()) == [.superseded, .active]
    }
    #expect(isActive)
    #expect(lastIssued > cut.addingTimeInterval(60), "it issued while it was cut off")
    #expect(mesh.now > lastIssued.addingTimeInterval(Mesh.policy.leafCap), "every leaf of it was over")
    #expect(!lost.plane.authority.isReady(now: mesh.now))
    #expect(throws: MeshAuthorityError.self) { try mesh.leaf(lost) }
    // And when it is back it follows.
    lost.client.isCut = false
    let isBack = try await mesh.pass(upTo: 120) {
      let generation = try await mesh.state()?.generation
      return lost.plane.authority.isReady(now: mesh.now) && lost.plane.authority.signing?.generation == generation
    }
    #expect(isBack)
    await mesh.end()
  }

  @Test(.timeLimit(.minutes(1))) func `a leader that comes back from a partition leads no more`() async throws {
    let mesh = try await Mesh()
    for _ in 0..<3 { await mesh.start() }
    _ = try await mesh.pass(upTo: 60) { mesh.leader != nil }
    await mesh.pass(5)
    let old = try #require(mesh.leader)
    let before = try #require(try await mesh.fence())
    old.client.isCut = true
    mesh.server.endWatches(throwing: .cut)
    #expect(try await mesh.pass(upTo: 300) { mesh.leader.map { $0.name != old.name } ?? false })
    // The next one writes down that it has come, before it takes any step.
    let hasCome = try await mesh.pass(upTo: 60) { try await mesh.fence().map { $0 > before } ?? false }
    #expect(hasCome)
    #expect(old.plane.election.leadership == nil)
    old.client.isCut = false
    await mesh.pass(5)
    let state = try #require(try await mesh.state())
    let observed = await old.plane.observe(state)
    #expect(!observed.leads)
    // Even with its old lead, which it would have if its clock had stood still.
    let error = await #expect(throws: CustodyError.self) { try await old.plane.custody.claim(before) }
    guard case .fenced(_, before, let newest) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(newest > before)
    await mesh.end()
  }

  @Test(.timeLimit(.minutes(1))) func `a signer whose root was thrown out of the bundle signs no more`() async throws {
    let mesh = try await Mesh()
    for _ in 0..<2 { await mesh.start() }
    _ = try await mesh.pass(upTo: 60) {
      mesh.leader != nil && mesh.replicas.values.allSatisfy { $0.plane.authority.signing != nil }
    }
    let leader = try #require(mesh.leader)
    let other = try #require(mesh.replicas.values.first { $0.name != leader.name })
    let stolen = try #require(try await mesh.state()?.signer?.id)
    let authority = leader.plane.authority
    func command(_ command: RotationCommand) async throws {
      _ = try await authority.command(command, force: true, now: mesh.now) { await leader.plane.observe($0) }
    }
    try await command(.prepare)
    #expect(try await mesh.pass(upTo: 60) { try await mesh.bundle(in: "amesh-system")?.roots.count == 2 })
    other.client.isCut = true
    try await command(.activate(nil))
    try await command(.retire(stolen))
    #expect(other.plane.authority.isReady(now: mesh.now), "it can't know")
    other.client.isCut = false
    // It hears of the bundle, and can't write down an intermediate under the new root yet.
    mesh.server.fail(TwinFault(.unreachable, count: .max) { $0.verb == "update" && $0.resource == .secrets })
    await mesh.look(other)
    #expect(!other.plane.authority.isReady(now: mesh.now))
    #expect(throws: MeshAuthorityError.self) { try mesh.leaf(other) }
    mesh.server.comeBack()
    await mesh.look(other)
    #expect(other.plane.authority.isReady(now: mesh.now))
    await mesh.end()
  }

  @Test(.timeLimit(.minutes(2))) func `a namespace that can't be written holds the next root until the last moment`()
    async throws
  {
    let mesh = try await Mesh()
    for _ in 0..<2 { await mesh.start() }
    // From before the next root on, as when somebody has made the ConfigMap immutable.
    _ = try await mesh.pass(upTo: 1_000, step: 20) { mesh.now > Mesh.start + 900 }
    let immutable = APIError.twin(422, "Invalid", "data: Forbidden: field is immutable when `immutable` is set")
    mesh.server.fail(TwinFault(immutable, count: .max) { $0.resource == .configMaps && $0.namespace == "shop" })
    #expect(try await mesh.pass(upTo: 1_500, step: 20) { Self.phases(try await mesh.state()) == [.active, .prepared] })
    let end = try #require(try await mesh.state()?.signer).certificate.notAfter
    let last = end.addingTimeInterval(-2 * Mesh.policy.settling)
    _ = try await mesh.pass(upTo: 4_000, step: 20) { mesh.now > last.addingTimeInterval(-30) }
    #expect(Self.phases(try await mesh.state()) == [.active, .prepared])
    // A step of 20 s is longer than a lead lasts unrenewed: at its end it may just be on its way.
    let isTold = try await mesh.pass(upTo: 25) {
      mesh.leader?.plane.authority.holds.contains { "\($0)".contains("the ConfigMaps of shop are without it") } ?? false
    }
    #expect(isTold)
    // The mesh does not end for it.
    #expect(try await mesh.pass(upTo: 120) { Self.phases(try await mesh.state()) == [.superseded, .active] })
    #expect(mesh.now < end)
    await mesh.end()
  }

  @Test(.timeLimit(.minutes(1))) func `a step that a person asks for is the leader's`() async throws {
    let mesh = try await Mesh()
    for _ in 0..<2 { await mesh.start() }
    _ = try await mesh.pass(upTo: 60) {
      mesh.leader != nil && mesh.replicas.values.allSatisfy { $0.plane.authority.signing != nil }
    }
    let leader = try #require(mesh.leader).name
    let other = try #require(mesh.replicas.values.first { $0.name != leader })
    let error = await #expect(throws: MeshAuthorityError.self) {
      _ = try await other.plane.authority.command(.prepare, force: true, now: mesh.now) {
        await other.plane.observe($0)
      }
    }
    guard case .refused(.notLeading(leader: leader)) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    await mesh.end()
  }
}
