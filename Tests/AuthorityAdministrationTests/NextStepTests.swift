import CertificateAuthority
import FoundationEssentials
import MeshAuthority
import Testing

@testable import AuthorityAdministration

/// What the operator is told to do, in each phase of a rotation, by both policies.
struct NextStepTests {
  private func status(
    _ policy: RotationPolicy,
    after steps: [(step: RotationRequest.Step, seconds: TimeInterval)],
    isForced: Bool = true
  ) async throws -> AuthorityStatus {
    // Not serving: no look takes steps by itself.
    let harness = try Harness(policy: policy, isServing: false)
    _ = try await harness.authority.settle(policy, now: Harness.start, observe: harness.authority.observeAlone)
    for (step, seconds) in steps {
      harness.pass(seconds)
      _ = try await harness.operations.rotate(RotationRequest(step, isForced: isForced))
    }
    return try await harness.operations.status()
  }

  @Test func `left alone`() async throws {
    #expect(try await status(Harness.policy, after: []).next.hasPrefix("nothing: the next root is prepared on 2027-"))
    #expect(try await status(Harness.manual, after: []).next.hasPrefix("nothing until 2027-"))
  }

  @Test func `prepared`() async throws {
    // Without leaves, the bundle has reached everyone who needs it at once.
    #expect(try await status(Harness.policy, after: [(.prepare, 1)]).next.contains("is activated when that is safe"))
    let manual = try await status(Harness.manual, after: [(.prepare, 1)])
    #expect(manual.next == "run amesh ca rotate activate \(manual.roots[1].id)")
  }

  @Test func `superseded`() async throws {
    let steps: [(RotationRequest.Step, TimeInterval)] = [(.prepare, 1), (.activate, 1)]
    let automatic = try await status(Harness.policy, after: steps)
    #expect(automatic.next.contains("is retired when nothing under it is valid any more, at the latest 2027-"))
    #expect(try await status(Harness.manual, after: steps).next.contains("run amesh ca rotate retire"))
  }

  @Test func `over`() async throws {
    let harness = try Harness(policy: Harness.manual, isServing: false)
    _ = try await harness.authority.settle(
      Harness.manual,
      now: Harness.start,
      observe: harness.authority.observeAlone
    )
    harness.pass(20_000)
    let status = try await harness.operations.status()
    #expect(status.next.contains("has ended and nothing can be issued: run amesh ca rotate prepare"))
    _ = try await harness.operations.rotate(RotationRequest(.prepare))
    #expect(try await harness.operations.status().next.contains("run amesh ca rotate activate"))
  }
}
