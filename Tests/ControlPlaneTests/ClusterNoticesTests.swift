import CertificateAuthority
import FoundationEssentials
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import MeshAuthority
import Testing

@testable import ControlPlane

/// What `/readyz`, metrics and Events say of a control plane that goes on from memory.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ClusterNoticesTests {
  private static let forbidden = APIError.twin(403, "Forbidden", "it is forbidden")

  private static func reasons(_ replica: Mesh.Replica, _ mesh: Mesh) -> [String] {
    replica.plane.notices(Mesh.policy, now: mesh.now).map(\.reason)
  }

  private static func fault(_ error: APIError, _ resource: KubernetesResource, _ verbs: Set<String>) -> TwinFault {
    TwinFault(error, count: .max) { $0.resource == resource && verbs.contains($0.verb) }
  }

  @Test func `a webhook configuration is told of while it is missing or another revision's`() async throws {
    let mesh = try await Mesh()
    let replica = await mesh.start()
    #expect(replica.plane.figures.isWebhookRight == nil, "there are no roots yet")
    #expect(replica.plane.webhooks?.isAwaitingTrust == true)
    try await mesh.pass(upTo: 60) { replica.plane.figures.isWebhookRight != nil }
    #expect(Self.reasons(replica, mesh) == ["WebhookMissing"])
    #expect(replica.plane.figures.isWebhookRight == false)
    #expect(replica.plane.webhooks?.isAwaitingTrust == false, "nobody is asked through what is not there")
    try await mesh.server.create(.mutatingWebhookConfigurations, ClusterObjectsTests.webhook(Mesh.webhooks))
    #expect(try await mesh.pass(upTo: 60) { replica.plane.figures.isWebhookRight == true })
    #expect(Self.reasons(replica, mesh) == [])
    try await mesh.server.delete(.mutatingWebhookConfigurations, ObjectKey(name: Mesh.webhooks))
    #expect(try await mesh.pass(upTo: 60) { Self.reasons(replica, mesh) == ["WebhookMissing"] })
    let canary = ClusterObjectsTests.webhook(Mesh.webhooks, revision: "canary")
    try await mesh.server.create(.mutatingWebhookConfigurations, canary)
    #expect(try await mesh.pass(upTo: 60) { Self.reasons(replica, mesh) == ["WebhookForeign"] })
    await mesh.end()
  }

  @Test func `a replica waits for the first caBundle, but not for ever`() async throws {
    let mesh = try await Mesh()
    try await mesh.server.create(.mutatingWebhookConfigurations, ClusterObjectsTests.webhook(Mesh.webhooks))
    mesh.server.fail(Self.fault(Self.forbidden, .mutatingWebhookConfigurations, ["patch"]))
    let replica = await mesh.start()
    let webhooks = try #require(replica.plane.webhooks)
    try await mesh.pass(upTo: 60) { replica.plane.authority.signing != nil }
    #expect(webhooks.isAwaitingTrust)
    await mesh.pass(29)
    #expect(webhooks.isAwaitingTrust)
    let notice = try #require(replica.plane.notices(Mesh.policy, now: mesh.now).first)
    #expect(notice.reason == "WebhookUntrusted")
    #expect(notice.message.contains("it is forbidden"))
    await mesh.pass(1)
    #expect(!webhooks.isAwaitingTrust)
    #expect(Self.reasons(replica, mesh) == ["WebhookUntrusted"], "it serves, and says what is amiss")
    mesh.server.comeBack()
    #expect(try await mesh.pass(upTo: 60) { Self.reasons(replica, mesh) == [] })
    await mesh.end()
  }

  @Test func `a lost Secret, a refused token and a closed namespace are told of`() async throws {
    let mesh = try await Mesh()
    try await mesh.server.create(.mutatingWebhookConfigurations, ClusterObjectsTests.webhook(Mesh.webhooks))
    let replica = await mesh.start()
    replica.client.forbidden = ["shop"]
    #expect(
      try await mesh.pass(upTo: 200) {
        replica.plane.figures.forbidden == 1 && replica.plane.figures.isWebhookRight == true
      }
    )
    #expect(replica.plane.figures.leads)
    #expect(replica.plane.figures.behind == 1)
    #expect(Self.reasons(replica, mesh) == ["TrustBundleNotWritten"])
    replica.client.forbidden = []
    let last = try #require(replica.plane.authority.lastGoodLook)
    mesh.server.fail(Self.fault(.twin(401, "Unauthorized", "Unauthorized"), .leases, ["get", "update"]))
    await mesh.pass(3)
    #expect(Self.reasons(replica, mesh).contains("LeaseNotRenewed"))
    mesh.server.comeBack()
    try await mesh.server.delete(.secrets, Mesh.names.key("amesh-ca"))
    try await mesh.pass(upTo: 400) { Self.reasons(replica, mesh) == ["AuthorityLost"] }
    #expect(Self.reasons(replica, mesh) == ["AuthorityLost"])
    let kept = try #require(replica.plane.authority.lastGoodLook)
    #expect(kept >= last && kept < mesh.now, "no look is good without the Secret")
    await mesh.end()
  }

  @Test func `a replica waits from when there are roots, until its answers are trusted`() {
    let steps: [(WebhookStanding, seconds: Int, holds: Bool)] = [
      (.unknown, 0, true), (.unknown, 500, true), (.untrusted(problem: nil), 501, true), (.right, 502, false),
      // Only at the start.
      (.untrusted(problem: nil), 503, false),
    ]
    var first = FirstTrust()
    for (standing, seconds, holds) in steps {
      let held = first.holds(standing, at: .seconds(seconds))
      #expect(held == holds, "after \(seconds) s")
    }
    var other = FirstTrust()
    let held = other.holds(.foreign(revision: "canary"), at: .zero)
    #expect(!held)
  }
}
