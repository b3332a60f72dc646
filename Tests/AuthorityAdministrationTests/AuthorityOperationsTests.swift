import CertificateAuthority
import FoundationEssentials
import KubernetesObjects
import MeshAuthority
import OpenSSLKeys
import SPIFFE
import Testing

@testable import AuthorityAdministration

/// The operator's operations on a real authority.
struct AuthorityOperationsTests {
  private func refusal<Result: Sendable>(
    _ body: () async throws(AdministrationError) -> Result
  ) async throws -> AdministrationError {
    do throws(AdministrationError) {
      _ = try await body()
    } catch {
      return error
    }
    throw NotRefused()
  }

  private struct NotRefused: Error {}

  @Test func `without an authority everything says how to make one`() async throws {
    let harness = try Harness()
    let operations = harness.operations
    for error in [
      try await refusal { () async throws(AdministrationError) in try await operations.status() },
      try await refusal { () async throws(AdministrationError) in try await operations.bundle() },
      try await refusal { () async throws(AdministrationError) in
        try await operations.rotate(RotationRequest(.auto))
      },
    ] {
      #expect(error.kind == .notReady)
      #expect(error.description.contains("amesh ca init"), "\(error)")
    }
  }

  @Test func `status tells roots, intermediates and what comes next, and survives the wire`() async throws {
    let harness = try Harness()
    try await harness.look()
    let status = try await harness.operations.status()
    #expect(status.trustDomain == "mesh.example")
    #expect(status.rotation == .automatic)
    #expect(status.replica == "one" && status.isReady == true)
    #expect(status.roots.map(\.phase) == [.active])
    #expect(status.intermediates.map(\.replica) == ["one"])
    #expect(status.holds.isEmpty)
    // The root lives 10,000 s, and its successor comes 2,000 s before its end.
    #expect(status.next == "nothing: the next root is prepared on 2027-01-15T10:13:20Z")
    #expect(status.soonestEnd?.end == Harness.start.addingTimeInterval(400))
    let root = try #require(harness.authority.signing?.bundle.authorities.first)
    #expect(status.roots[0].fingerprint == Hexadecimal.text(try OpenSSL().sha256(root.derBytes[...])))
    #expect(try AuthorityStatus(parsing: status.json.serialized()) == status)
  }

  @Test func `step by step, and each is refused before it is safe`() async throws {
    let harness = try Harness(policy: Harness.manual)
    let operations = harness.operations
    try await harness.look()
    // Someone holds a leaf and no bundle that we know of.
    harness.authority.handedOut(leafEnds: Harness.start.addingTimeInterval(60), withBundle: false)

    harness.pass(1)
    let prepared = try await operations.rotate(RotationRequest(.prepare))
    #expect(prepared.done.count == 1 && prepared.done[0].contains("is prepared"))
    #expect(prepared.status.roots.map(\.phase) == [.active, .prepared])
    #expect(prepared.status.holds.count == 1)
    #expect(prepared.status.holds[0].until != nil)
    #expect(prepared.status.next.contains("run amesh ca rotate activate"))
    #expect(try RotationReport(parsing: prepared.json.serialized()) == prepared)

    let early = try await refusal { () async throws(AdministrationError) in
      try await operations.rotate(RotationRequest(.activate))
    }
    #expect(early.kind == .refused && early.description.contains("has not reached everyone"), "\(early)")
    let again = try await refusal { () async throws(AdministrationError) in
      try await operations.rotate(RotationRequest(.prepare))
    }
    #expect(again.description.contains("is prepared already"))

    harness.pass(80)
    let activated = try await operations.rotate(RotationRequest(.activate))
    #expect(activated.done.count == 2)
    #expect(activated.status.roots.map(\.phase) == [.superseded, .active])
    // The server signs under it at once, not at its next look.
    let issuer = try #require(harness.authority.signing?.issuer)
    #expect(activated.status.intermediates.last?.root == activated.status.roots[1].id)
    #expect(activated.status.issuerEnds == issuer.validity.notAfter)

    let tooEarly = try await refusal { () async throws(AdministrationError) in
      try await operations.rotate(RotationRequest(.retire))
    }
    #expect(tooEarly.kind == .refused && tooEarly.description.contains("may be valid until"), "\(tooEarly)")
    harness.pass(120)
    let retired = try await operations.rotate(RotationRequest(.retire))
    #expect(retired.status.roots.map(\.phase) == [.retired, .active])
    #expect(try await operations.bundle().bundle.authorities.count == 1)
    let nothing = try await refusal { () async throws(AdministrationError) in
      try await operations.rotate(RotationRequest(.retire))
    }
    #expect(nothing.description.contains("no root waits to be retired"))
  }

  @Test func `force takes a step before it is safe`() async throws {
    let harness = try Harness(policy: Harness.manual)
    try await harness.look()
    harness.authority.handedOut(leafEnds: Harness.start.addingTimeInterval(60), withBundle: false)
    _ = try await harness.operations.rotate(RotationRequest(.prepare))
    let report = try await harness.operations.rotate(RotationRequest(.activate, isForced: true))
    #expect(report.status.roots.map(\.phase) == [.superseded, .active])
    let retired = try await harness.operations.rotate(RotationRequest(.retire, isForced: true))
    #expect(retired.status.roots.map(\.phase) == [.retired, .active])
  }

  @Test func `auto begins one rotation, and looks take it to its end`() async throws {
    let harness = try Harness()
    try await harness.look()
    harness.authority.handedOut(leafEnds: Harness.start.addingTimeInterval(60), withBundle: false)
    let begun = try await harness.operations.rotate(RotationRequest(.auto))
    #expect(begun.status.roots.map(\.phase) == [.active, .prepared])
    #expect(begun.status.next.hasPrefix("nothing: root"))
    // Asked again, it goes on with the one that has begun.
    let again = try await harness.operations.rotate(RotationRequest(.auto))
    #expect(again.done.isEmpty)
    #expect(again.status.roots.count == 2)
    for _ in 0..<30 {
      harness.pass(10)
      try await harness.look()
    }
    #expect(try await harness.operations.status().roots.map(\.phase) == [.retired, .active])
  }

  @Test func `auto is refused where rotation is left to commands`() async throws {
    let harness = try Harness(policy: Harness.manual)
    try await harness.look()
    let operations = harness.operations
    let error = try await refusal { () async throws(AdministrationError) in
      try await operations.rotate(RotationRequest(.auto))
    }
    #expect(error.kind == .refused && error.description.contains("identity.root.rotation"))
    #expect(try await operations.status().roots.count == 1)
  }

  @Test func `an order gives a certificate for the key of its request, and counts for rotation`() async throws {
    let harness = try Harness()
    try await harness.look()
    let order = CertificateOrder(request: try Harness.request(), identity: Harness.web, lifetimeSeconds: 5000)
    let issued = try await harness.operations.issue(order)
    #expect(issued.limit == .cap)
    #expect(issued.notAfter == Harness.start.addingTimeInterval(100))
    let chain = try MeshCertificate.readPEM(Array(issued.chain.utf8))
    let bundle = try await harness.operations.bundle().bundle
    #expect(try await bundle.verify(chain, at: Harness.start).description == Harness.web)
    #expect(issued.bundle == bundle.pem)
    #expect(try OrderedCertificate(parsing: issued.json.serialized()) == issued)
    // Nobody knows which bundle its holder has: the next root waits for its end.
    let rotation = try await harness.operations.rotate(RotationRequest(.auto))
    #expect(rotation.status.holds.count == 1)
    #expect(rotation.status.roots.map(\.phase) == [.active, .prepared])
  }

  @Test func `a certificate that is ordered after a root was prepared is waited for too`() async throws {
    let harness = try Harness(policy: Harness.manual)
    let operations = harness.operations
    try await harness.look()
    _ = try await operations.rotate(RotationRequest(.prepare))
    _ = try await operations.issue(CertificateOrder(request: try Harness.request(), identity: Harness.web))
    // It came with the new bundle, but who knows whether its holder has got that.
    let early = try await refusal { () async throws(AdministrationError) in
      try await operations.rotate(RotationRequest(.activate))
    }
    #expect(early.description.contains("has not reached everyone"), "\(early)")
  }

  @Test(
    arguments: [
      ("web", AdministrationError.Kind.badRequest), ("spiffe://mesh.example", .badRequest),
      ("spiffe://mesh.example/shop/web", .badRequest), ("spiffe://mesh.example/ns/shop/sa/Web", .badRequest),
      ("spiffe://other.example/ns/shop/sa/web", .refused),
    ]
  )
  func `an order for what is no workload of this mesh is refused`(id: String, kind: AdministrationError.Kind)
    async throws
  {
    let harness = try Harness()
    try await harness.look()
    let operations = harness.operations
    let order = CertificateOrder(request: try Harness.request(), identity: id)
    let error = try await refusal { () async throws(AdministrationError) in try await operations.issue(order) }
    #expect(error.kind == kind, "\(error)")
    #expect(error.description.contains(id))
  }

  @Test func `the bundle is the running one's, as PEM and as SPIFFE's document`() async throws {
    let harness = try Harness()
    try await harness.look()
    let bundle = try await harness.operations.bundle()
    #expect(bundle.generation == harness.authority.signing?.generation)
    #expect(try AuthorityBundle(parsing: bundle.json.serialized()) == bundle)
    let document = try BundleDocument(trustDomain: TrustDomain("mesh.example"), json: bundle.document.json())
    #expect(document.bundle == bundle.bundle)
    #expect(document.sequence == UInt64(bundle.generation))
  }

  @Test func `a process that does not serve makes no intermediate for a step`() async throws {
    let harness = try Harness(isServing: false)
    let policy = harness.authority.configuration.policy
    _ = try await harness.authority.settle(policy, now: Harness.start, observe: harness.authority.observeAlone)
    let report = try await harness.operations.rotate(RotationRequest(.prepare))
    #expect(report.status.roots.map(\.phase) == [.active, .prepared])
    #expect(report.status.intermediates.isEmpty)
    #expect(report.status.replica == nil)
  }

  @Test func `who steps down is not waited for longer than its leaves live`() async throws {
    let harness = try Harness(isServing: false)
    try await harness.look()
    try await harness.authority.stepDown(now: Harness.start)
    let status = try await harness.operations.status()
    #expect(status.intermediates.map(\.dropped) == [Harness.start])
    // Twice is once.
    try await harness.authority.stepDown(now: Harness.start)
    #expect(try await harness.operations.status().generation == status.generation)
  }
}
