import CertificateAuthority
import FoundationEssentials
import KubernetesAPI
import KubernetesTesting
import Logging
import MeshAuthority
import NIOConcurrencyHelpers
import Testing

@testable import ControlPlane

struct AuthorityWatchTests {
  @Test(.timeLimit(.minutes(1))) func `the leader tells at the authority's Secret what will hurt, and nobody else`()
    async throws
  {
    let mesh = try await Mesh()
    try await mesh.server.create(.mutatingWebhookConfigurations, ClusterObjectsTests.webhook(Mesh.webhooks))
    for _ in 0..<2 { await mesh.start() }
    try await mesh.pass(upTo: 200) {
      mesh.leader != nil && mesh.replicas.values.allSatisfy { $0.plane.figures.isWebhookRight == true }
    }
    let leader = try #require(mesh.leader)
    let end = try #require(try await mesh.state()?.signer).certificate.notAfter
    let posted = NIOLockedValueBox<[String: [Notice]]>([:])
    for replica in mesh.replicas.values {
      // Nobody else waits by this clock, and the Lease holds meanwhile.
      let clock = ManualClock()
      let watch = AuthorityWatch(
        replica.plane,
        policy: RotationPolicy(),
        post: { notice in posted.withLockedValue { $0[replica.name, default: []].append(notice) } },
        time: Timekeeper(clock),
        wallClock: { end.addingTimeInterval(-60) },
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      )
      await withTaskGroup(of: Void.self) { group in
        group.addTask { try? await watch.run() }
        await clock.waitForSleepers(1)
        #expect(posted.withLockedValue { $0[replica.name] } == nil, "it has not looked yet")
        clock.advance(by: .seconds(60))
        await clock.waitForSleepers(1)
        group.cancelAll()
      }
    }
    let notices = posted.withLockedValue { $0 }
    #expect(notices.keys.sorted() == [leader.name])
    let notice = try #require(notices[leader.name]?.first)
    #expect(notice.reason == "RootExpires")
    #expect(notice.subject.kind == "Secret" && notice.subject.name == "amesh-ca")
    #expect(notice.subject.namespace == "amesh-system")
    await mesh.end()
  }

  @Test(.timeLimit(.minutes(1))) func `a lost Secret is told within a minute, and again before the Event is gone`()
    async throws
  {
    let mesh = try await Mesh()
    let leader = await mesh.start()
    _ = try await mesh.pass(upTo: 200) { leader.plane.authority.signing != nil }
    try await mesh.server.delete(.secrets, Mesh.names.key("amesh-ca"))
    _ = try await mesh.pass(upTo: 60) { leader.plane.authority.problem != nil }
    let (clock, posted) = (ManualClock(), NIOLockedValueBox<[Notice]>([]))
    let start = mesh.now
    let watch = AuthorityWatch(
      leader.plane,
      policy: RotationPolicy(),
      post: { notice in posted.withLockedValue { $0.append(notice) } },
      time: Timekeeper(clock),
      wallClock: { start.addingTimeInterval(clock.now.offset / .seconds(1)) },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    func lost() -> [Notice] { posted.withLockedValue { $0.filter { $0.reason == "AuthorityLost" } } }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await watch.run() }
      for (minutes, times) in [(1, 1), (29, 1), (1, 2)] {
        for _ in 0..<minutes {
          await clock.waitForSleepers(1)
          clock.advance(by: .seconds(60))
        }
        await clock.waitForSleepers(1)
        #expect(lost().count == times)
      }
      group.cancelAll()
    }
    #expect(lost().first?.subject.name == "amesh-ca")
    #expect(lost().first?.message.contains("restore it from a backup") == true)
    await mesh.end()
  }
}
