import CertificateAuthority
import CertificateTesting
import FoundationEssentials
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import MeshAuthority
import SPIFFE
import Testing

@testable import ControlPlane

/// An authority that a person plugs in by a Secret: at the beginning, later, badly, and another one after it.
@Suite(.serialized) struct PluggedInTests {
  private struct Made {
    let root: MadeAuthority
    let intermediate: MadeAuthority

    init(_ name: String) throws {
      let maker = CertificateMaker(notBefore: Mesh.start.addingTimeInterval(-3_600), days: 365)
      root = try maker.root(name)
      intermediate = try maker.intermediate("\(name) below", under: root)
    }

    func secret(_ layout: PluggedInContents.Layout = .istio, key: MadeAuthority? = nil) -> JSONValue {
      func base64(_ text: String) -> JSONValue { .string(Data(text.utf8).base64EncodedString()) }
      var files: [(String, JSONValue)] = [
        (layout.certificate, base64(intermediate.pem)), (layout.key, base64((key ?? intermediate).keyText)),
        (layout.roots, base64(root.pem)),
      ]
      if let chain = layout.chain { files.append((chain, base64(root.pem))) }
      return [
        "metadata": ["name": "cacerts", "namespace": "amesh-system"], "type": "Opaque",
        "data": .object(JSONObject(files)),
      ]
    }

    func id() throws -> AuthorityID { try root.root().id }
  }

  private static func isUnder(_ made: Made, _ mesh: Mesh) throws -> Bool {
    try mesh.replicas.values.allSatisfy { replica in
      guard replica.plane.authority.isReady(now: mesh.now) else { return false }
      return try mesh.leaf(replica).intermediates.first == made.intermediate.certificate
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: PluggedInContents.Layout.allCases)
  func `what is there at the beginning signs at once`(_ layout: PluggedInContents.Layout) async throws {
    let (mesh, made) = (try await Mesh(), try Made("one"))
    try await mesh.server.create(.secrets, made.secret(layout))
    for _ in 0..<2 { await mesh.start() }
    #expect(try await mesh.pass(upTo: 60) { try Self.isUnder(made, mesh) })
    let state = try #require(try await mesh.state())
    #expect(state.roots.map(\.id) == [try made.id()])
    #expect(state.roots.first?.key == nil)
    await mesh.end()
  }

  @Test(.timeLimit(.minutes(1))) func `one that can't be used at the beginning is not passed over`() async throws {
    let (mesh, made) = (try await Mesh(), try Made("one"))
    try await mesh.server.create(.secrets, made.secret(key: made.root))
    let replica = await mesh.start()
    guard case .custody(.unusable(_, .keyDoesNotMatch)) = await mesh.look(replica) else {
      Issue.record("it was taken")
      return
    }
    #expect(try await mesh.state() == nil)
    try await mesh.server.delete(.secrets, Mesh.names.key("cacerts"))
    #expect(await mesh.look(replica) == nil)
    #expect(try await mesh.state()?.signer?.key != nil)
    await mesh.end()
  }

  /// A mesh of its own authority, and one that was plugged in and published and waits for its turn.
  private static func waiting(_ one: Made) async throws -> (Mesh, own: AuthorityID) {
    let mesh = try await Mesh()
    for _ in 0..<2 { await mesh.start() }
    _ = try await mesh.pass(upTo: 60) { mesh.replicas.values.allSatisfy { $0.plane.authority.signing != nil } }
    let own = try #require(try await mesh.state()?.signer?.id)
    try await mesh.server.create(.secrets, one.secret())
    #expect(try await mesh.pass(upTo: 60) { try await mesh.state()?.successor?.id == (try one.id()) })
    return (mesh, own)
  }

  @Test(.timeLimit(.minutes(2))) func `one that is withdrawn before its turn never signs`() async throws {
    let one = try Made("one")
    let (mesh, own) = try await Self.waiting(one)
    try await mesh.server.delete(.secrets, Mesh.names.key("cacerts"))
    #expect(try await mesh.pass(upTo: 120) { try await mesh.state()?.successor == nil })
    _ = try await mesh.pass(upTo: 1_200, step: 20) { false }
    #expect(try await mesh.state()?.signer?.id == own)
    #expect(mesh.replicas.values.allSatisfy { $0.plane.authority.isReady(now: mesh.now) })
    await mesh.end()
  }

  @Test(.timeLimit(.minutes(2))) func `one that was replaced does not come back, and nobody stops for it`() async throws
  {
    let (one, two) = (try Made("one"), try Made("two"))
    let (mesh, own) = try await Self.waiting(one)
    let key = Mesh.names.key("cacerts")
    try await mesh.server.patch(.secrets, key, .merge(["data": two.secret()["data"] ?? .null]))
    #expect(try await mesh.pass(upTo: 120) { try await mesh.state()?.successor?.id == (try two.id()) })
    try await mesh.server.patch(.secrets, key, .merge(["data": one.secret()["data"] ?? .null]))
    #expect(try await mesh.pass(upTo: 120) { try await mesh.state()?.successor == nil })
    let leaves = Leaves()
    // Longer than intermediates live.
    _ = try await mesh.pass(upTo: 1_200, step: 20, each: { try await leaves.pass(mesh) }) { false }
    #expect(try await mesh.state()?.signer?.id == own)
    #expect(mesh.replicas.values.allSatisfy { $0.plane.authority.isReady(now: mesh.now) })
    // Steps of 20 s are longer than a lead lasts unrenewed.
    #expect(try await mesh.pass(upTo: 60) { mesh.leader != nil })
    let leader = try #require(mesh.leader)
    #expect(leader.plane.custody.pluggedInProblem == .pastRoot(try one.id()))
    #expect(await mesh.look(leader) == nil)
    await mesh.end()
  }

  @Test(.timeLimit(.minutes(3))) func `one that comes later is published first, and outlives what comes after it`()
    async throws
  {
    let (mesh, one, two) = (try await Mesh(), try Made("one"), try Made("two"))
    for _ in 0..<2 { await mesh.start() }
    let leaves = Leaves()
    _ = try await mesh.pass(upTo: 300, step: 10, each: { try await leaves.pass(mesh) }) { mesh.now > Mesh.start + 200 }
    let own = try #require(try await mesh.state()?.signer)
    #expect(own.key != nil)

    try await mesh.server.create(.secrets, one.secret())
    #expect(
      try await mesh.pass(upTo: 60, each: { try await leaves.pass(mesh) }) {
        try await mesh.bundle(in: "shop")?.roots.contains(try one.id()) == true
      }
    )
    #expect(try await mesh.state()?.signer?.id == own.id, "nobody signs with it yet")
    let published = mesh.now
    #expect(
      try await mesh.pass(upTo: 1_500, step: 10, each: { try await leaves.pass(mesh) }) { try Self.isUnder(one, mesh) }
    )
    #expect(mesh.now >= published.addingTimeInterval(150), "kubelets had their time")
    #expect(
      try await mesh.pass(upTo: 1_500, step: 10, each: { try await leaves.pass(mesh) }) {
        try await mesh.bundle(in: "shop")?.roots == [try one.id()]
      },
      "the old root goes when nothing under it is left"
    )

    // A bad one changes nothing, not even for who starts now; nor does it that the Secret goes.
    let key = Mesh.names.key("cacerts")
    try await mesh.server.patch(.secrets, key, .merge(["data": two.secret(key: two.root)["data"] ?? .null]))
    await mesh.pass(10)
    for replica in mesh.replicas.values { #expect(replica.plane.custody.pluggedInProblem != nil) }
    await mesh.start("late")
    #expect(try await mesh.pass(upTo: 60) { try Self.isUnder(one, mesh) })
    try await mesh.server.delete(.secrets, key)
    await mesh.start("later")
    #expect(try await mesh.pass(upTo: 60) { try Self.isUnder(one, mesh) })

    try await mesh.server.create(.secrets, two.secret())
    #expect(
      try await mesh.pass(upTo: 1_500, step: 10, each: { try await leaves.pass(mesh) }) { try Self.isUnder(two, mesh) }
    )
    #expect(
      try await mesh.pass(upTo: 1_500, step: 10, each: { try await leaves.pass(mesh) }) {
        try await mesh.bundle(in: "shop")?.roots == [try two.id()]
      }
    )
    #expect(leaves.verified > 50)
    await mesh.end()
  }
}
