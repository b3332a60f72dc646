import CertificateAuthority
import CertificateTesting
import FoundationEssentials
import KubernetesObjects
import KubernetesTesting
import NIOConcurrencyHelpers
import OpenSSLKeys
import Testing

@testable import ControlPlane
@testable import KubernetesAPI

struct SecretCustodyTests {
  private static let names = ObjectNames(namespace: "amesh-system")
  private let contract: CustodyContract

  init() throws { contract = try CustodyContract() }

  private static func server() async throws -> InMemoryAPIServer {
    let server = InMemoryAPIServer()
    try await server.create(.namespaces, ["metadata": ["name": "amesh-system"]])
    return server
  }

  private static func custody(
    _ client: any KubernetesClient,
    fence: Int? = 1,
    replica: String = "a",
    names: ObjectNames = Self.names
  ) -> SecretCustody {
    SecretCustody(client: client, names: names, replica: replica, cryptography: OpenSSL(), policy: RotationPolicy()) {
      fence.map { Leadership(fence: $0, validUntil: .seconds(10)) }
    }
  }

  @Test func `a Secret keeps the contract`() async throws {
    let server = try await Self.server()
    try await contract.check(writable: { Self.custody(server) })
  }

  @Test(.enabled(if: RealServer.isThere)) func `a Secret of a real API server keeps the contract`() async throws {
    try await RealServer.run { client, names in
      try await contract.check(writable: { Self.custody(client, names: names) })
    }
  }

  @Test func `who does not lead may note its own intermediates, and nothing else`() async throws {
    let server = try await Self.server()
    let follower = Self.custody(server, fence: nil, replica: "b")
    let first = try await follower.createOrAdopt(contract.first)
    let id = try #require(AuthorityID("abc"))
    let signer = try #require(first.signer?.id)
    func recording(by replica: String) throws -> AuthorityState {
      let end = contract.now.addingTimeInterval(600)
      return try first.recording(id, under: signer, replica: replica, notAfter: end, leafCap: 60, at: contract.now)
    }
    for other in [try contract.prepared(first), try recording(by: "a")] {
      await #expect(throws: CustodyError.fenced(path: "Secret amesh-system/amesh-ca", fence: nil, newest: 0)) {
        try await follower.replace(with: other)
      }
    }
    try await follower.replace(with: try recording(by: "b"))
    #expect(try await follower.load()?.intermediates.map(\.replica) == ["b"])
  }

  @Test func `a leader of before is refused though it believes that it leads`() async throws {
    let server = try await Self.server()
    let (old, new) = (Self.custody(server, fence: 4), Self.custody(server, fence: 5, replica: "b"))
    let first = try await old.createOrAdopt(contract.first)
    try await old.claim(4)
    try await new.claim(5)
    #expect(new.newestFence == 5)
    // It has read the newest state, and still its step is not taken.
    #expect(try await old.load() == first)
    await #expect(throws: CustodyError.fenced(path: "Secret amesh-system/amesh-ca", fence: 4, newest: 5)) {
      try await old.replace(with: try contract.prepared(first))
    }
    await #expect(throws: CustodyError.fenced(path: "Secret amesh-system/amesh-ca", fence: 4, newest: 5)) {
      try await old.claim(4)
    }
    try await new.replace(with: try contract.prepared(first))
    #expect(try await new.load()?.generation == 2)
  }

  @Test func `a Secret that is deleted is not replaced by another authority`() async throws {
    let server = try await Self.server()
    let custody = Self.custody(server)
    _ = try await custody.createOrAdopt(contract.first)
    try await server.delete(.secrets, Self.names.key("amesh-ca"))
    for attempt in [{ _ = try await custody.load() }, { _ = try await custody.createOrAdopt(contract.other) }] {
      let error = await #expect(throws: CustodyError.self) { try await attempt() }
      guard case .lost = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(try await server.find(.secrets, Self.names.key("amesh-ca")) == nil)
  }

  @Test func `nor after every replica was restarted, while a bundle tells that it was there`() async throws {
    let server = try await Self.server()
    let root = try #require(contract.first.signer)
    try await publish(root.certificate, generation: 1, on: server)
    let error = await #expect(throws: CustodyError.self) {
      _ = try await Self.custody(server).createOrAdopt(contract.other)
    }
    guard case .lost(_, let roots, let cure) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(roots == [root.id])
    #expect(cure.contains("amesh-system/amesh-root"))
    try await server.delete(.configMaps, Self.names.key("amesh-root"))
    #expect(try await Self.custody(server).createOrAdopt(contract.other) == contract.other)
  }

  private func publish(_ root: RootCertificate, generation: Int, on server: InMemoryAPIServer) async throws {
    let pem = try MeshCertificate(derBytes: root.derEncoded).pem
    try await server.apply(
      .configMaps,
      [
        "metadata": [
          "name": "amesh-root", "namespace": "amesh-system",
          "annotations": ["amesh.apisix.apache.org/generation": .string("\(generation)")],
        ],
        "data": ["root-cert.pem": .string(pem)],
      ],
      fieldManager: "test"
    )
  }

  @Test func `an older Secret is not followed, by who runs nor by who starts`() async throws {
    let server = try await Self.server()
    let custody = Self.custody(server)
    let first = try await custody.createOrAdopt(contract.first)
    let backup = try await server.get(.secrets, Self.names.key("amesh-ca")).root.value
    try await custody.replace(with: try contract.prepared(first))
    try await publish(try #require(first.signer).certificate, generation: 2, on: server)
    var restored = backup
    restored["metadata"] = ["name": "amesh-ca", "namespace": "amesh-system"]
    try await server.update(.secrets, restored)
    for custody in [custody, Self.custody(server)] {
      let error = await #expect(throws: CustodyError.self) { _ = try await custody.load() }
      guard case .wentBack(_, 1, 2, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test(arguments: ["authority.json", "fence", "sha256"])
  func `an edit by hand is told and not followed`(_ key: String) async throws {
    let server = try await Self.server()
    let custody = Self.custody(server)
    _ = try await custody.createOrAdopt(contract.first)
    let key64 = Data("7".utf8).base64EncodedString()
    let change = JSONObject([(key, .string(key64))])
    try await server.patch(.secrets, Self.names.key("amesh-ca"), .merge(["data": .object(change)]))
    let error = await #expect(throws: CustodyError.self) { _ = try await custody.load() }
    guard case .edited = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `a root signs only once the published bundle holds it`() async throws {
    let server = try await Self.server()
    let custody = Self.custody(server)
    let first = try await custody.createOrAdopt(contract.first)
    try await publish(try #require(first.signer).certificate, generation: 1, on: server)
    let second = try contract.prepared(first)
    try await custody.replace(with: second)
    let next = try #require(second.successor)
    await #expect(
      throws: CustodyError.unpublished(root: next.id, bundle: "ConfigMap amesh-system/amesh-root")
    ) {
      try await custody.replace(with: try second.activating(next.id, at: contract.now))
    }
    try await publish(next.certificate, generation: 2, on: server)
    try await custody.replace(with: try second.activating(next.id, at: contract.now))
    #expect(try await custody.load()?.signer?.id == next.id)
  }

  @Test(arguments: [TwinFault.Moment.before, .after])
  func `a write whose answer is lost is found out by the next look`(_ moment: TwinFault.Moment) async throws {
    let server = try await Self.server()
    let custody = Self.custody(server)
    let first = try await custody.createOrAdopt(contract.first)
    server.fail(TwinFault(.cut, moment) { $0.verb == "update" })
    let second = try contract.prepared(first)
    let error = await #expect(throws: CustodyError.self) { try await custody.replace(with: second) }
    guard case .unwritable = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try await custody.load() == (moment == .before ? first : second))
  }

  @Test func `an API server that is away is told as such`() async throws {
    let server = try await Self.server()
    let custody = Self.custody(server)
    server.goAway()
    let error = await #expect(throws: CustodyError.self) { _ = try await custody.load() }
    guard case .unreadable = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
