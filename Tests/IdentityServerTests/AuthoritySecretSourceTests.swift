import CallerAuthentication
import CertificateAuthority
import CertificateCustody
import Crypto
import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import MeshAuthority
import MetricsTestKit
import NIOConcurrencyHelpers
import SPIFFE
import SecretDiscovery
import SwiftProtobuf
import Testing
import X509

@testable import IdentityServer
@testable import XDSProtocol

/// Subscriptions of the running authority, with real keys and a clock of ours.
@Suite struct AuthoritySecretSourceTests {
  /// One subscription, read as a stream reads it.
  struct Reader {
    let mesh: Mesh
    let subscription: any SecretSubscription
    /// What there was at first.
    let initial: CallerSecrets?
    private var changes: AsyncStream<Void>.Iterator

    init(_ mesh: Mesh, _ caller: Caller? = nil) async {
      self.mesh = mesh
      let (changes, change) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
      subscription = mesh.source.subscribe(caller ?? mesh.caller()) { change.yield() }
      self.changes = changes.makeAsyncIterator()
      initial = subscription.current
    }

    mutating func next() async -> CallerSecrets? {
      await changes.next(isolation: nil)
      return subscription.current
    }

    func describe(csr: String? = nil, identity: Bool = true, bundle: Bool = true) async throws(XDSStatus) {
      try subscription.describe(
        SubscriberDescription(
          node: NodeRequest(signingRequest: csr),
          wantsIdentity: identity,
          wantsBundle: bundle
        )
      )
    }

    func acknowledge(_ secrets: CallerSecrets, _ name: String = "ROOTCA") async throws {
      let version = try #require(secrets.version(name))
      subscription.acknowledged(XDSReceipt(typeURL: secretTypeURL, versions: [name: version]))
    }
  }

  @Test func `the bundle is there at once, a certificate once it is asked for`() async throws {
    let mesh = try await Mesh()
    try await mesh.look()
    var reader = await Reader(mesh)
    let bundle = try #require(mesh.bundle)
    #expect(reader.initial?.roots == bundle.pem)
    #expect(reader.initial?.certificate == nil)
    try await reader.describe(identity: false)
    #expect(mesh.recorded.counters.allSatisfy { !$0.label.contains("issued") })
    try await reader.describe()
    let secrets = try #require(await reader.next())
    let certificate = try #require(secrets.certificate)
    #expect(try await bundle.verify(certificate.chain, at: mesh.now) == mesh.cart.id)
    let key = try P256.Signing.PrivateKey(pemRepresentation: certificate.key)
    #expect(certificate.chain[0].publicKey.keyBits == [UInt8](key.publicKey.x963Representation)[...])
    // It tells when its holder last showed a token.
    let last = certificate.chain[0].x509.extensions[oid: LastAuthentication.extensionID]
    #expect(last?.critical == false)
    #expect(last.flatMap { LastAuthentication(extensionValue: $0.value) }?.moment == mesh.now)
    reader.subscription.cancel()
  }

  @Test func `the next certificate comes at half of its life, with another key`() async throws {
    let mesh = try await Mesh()
    try await mesh.look()
    var reader = await Reader(mesh)
    try await reader.describe()
    let first = try #require(await reader.next()?.certificate)
    // Of 60 seconds: not before the 30th.
    await mesh.pass(29)
    #expect(try mesh.recorded.issued() == 1)
    await mesh.pass(1)
    let second = try #require(await reader.next()?.certificate)
    #expect(second.key != first.key)
    #expect(second.chain[0].validity.notAfter == mesh.now + 60)
    // Drawn once: the one after comes 30 seconds later.
    await mesh.pass(29)
    #expect(try mesh.recorded.issued() == 2)
    await mesh.pass(1)
    #expect(try mesh.recorded.issued() == 3)
    reader.subscription.cancel()
    await mesh.pass(60)
    #expect(try mesh.recorded.issued() == 3)
  }

  @Test func `a caller that holds its key gets certificates for it, until it sends another request`() async throws {
    let mesh = try await Mesh(serverGeneratedKeys: false)
    try await mesh.look()
    var reader = await Reader(mesh)
    let keys = [P256.Signing.PrivateKey(), P256.Signing.PrivateKey()]
    try await reader.describe(csr: Mesh.request(keys[0]))
    var got: [MeshCertificate] = []
    for step in 0..<3 {
      let certificate = try #require(await reader.next()?.certificate)
      #expect(certificate.key.isEmpty)
      got.append(certificate.chain[0])
      if step == 0 { await mesh.pass(30) }
      if step == 1 { try await reader.describe(csr: Mesh.request(keys[1])) }
    }
    let wanted = [keys[0], keys[0], keys[1]].map { [UInt8]($0.publicKey.x963Representation)[...] }
    #expect(got.map(\.publicKey.keyBits) == wanted)
    reader.subscription.cancel()
  }

  @Test func `a stream ends with what its caller's credential is bound to, and no other does`() async throws {
    let gone = NIOLockedValueBox<Set<String>>([])
    let mesh = try await Mesh(hasEnded: { caller in gone.withLockedValue { $0.contains(caller.pod?.uid ?? "") } })
    try await mesh.look()
    let pods = ["one", "two"].map { Caller.BoundObject(name: $0, uid: "uid-\($0)") }
    var readers = [await Reader(mesh, mesh.caller(pod: pods[0])), await Reader(mesh, mesh.caller(pod: pods[1]))]
    for index in readers.indices {
      try await readers[index].describe()
      #expect(await readers[index].next()?.certificate != nil)
    }
    gone.withLockedValue { _ = $0.insert("uid-one") }
    mesh.source.end { $0.pod?.uid == "uid-one" }
    #expect(await readers[0].next() == nil)
    #expect(readers[1].subscription.current?.certificate != nil)
    // One that was authenticated just before it ended.
    let late = await Reader(mesh, mesh.caller(pod: pods[0]))
    #expect(late.initial == nil)
    #expect(await Reader(mesh, mesh.caller(pod: pods[1])).initial != nil)
  }

  @Test func `what a caller may not have closes its stream, and names the cure`() async throws {
    let mesh = try await Mesh(strict: true, serverGeneratedKeys: false)
    try await mesh.look()
    let cases: [(String?, XDSStatus.Code, String)] = [
      (nil, .permissionDenied, "amesh.csr"),
      ("no request", .invalidArgument, "can't be read"),
      (try Mesh.request(names: ["spiffe://mesh.test/ns/shop/sa/other"]), .invalidArgument, "not the caller's own"),
    ]
    for (csr, code, words) in cases {
      let reader = await Reader(mesh)
      let error = await #expect(throws: XDSStatus.self) { try await reader.describe(csr: csr) }
      #expect(error?.code == code)
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
      // A stream of bundles alone needs neither.
      try await reader.describe(identity: false)
      reader.subscription.cancel()
    }
    let reader = await Reader(mesh)
    try await reader.describe(csr: Mesh.request(names: [mesh.cart.description]))
    reader.subscription.cancel()
    #expect(try mesh.recorded.issued() == 1)
  }

  @Test func `a new root goes to all streams at once, and is activated when all have taken it`() async throws {
    let mesh = try await Mesh()
    try await mesh.look()
    var readers: [Reader] = []
    for _ in 0..<3 {
      var reader = await Reader(mesh)
      try await reader.describe()
      try await reader.acknowledge(try #require(await reader.next()), "ALL")
      readers.append(reader)
    }
    let old = try #require(mesh.bundle)
    try await mesh.command(.prepare)
    #expect(mesh.authority.report.spread.values.map(\.waitingSubscribers).max() == 3)
    let names = ["ROOTCA", "ALL", "spiffe://mesh.test"]
    for index in readers.indices {
      let secrets = try #require(await readers[index].next())
      #expect(secrets.roots == mesh.bundle?.pem)
      #expect(mesh.authority.report.spread.values.map(\.waitingSubscribers).max() == 3 - index)
      await #expect(throws: (any Error).self) { try await mesh.command(.activate(nil)) }
      try await readers[index].acknowledge(secrets, names[index])
    }
    try await mesh.command(.activate(nil))
    try await mesh.look()
    // Leaves under the old root live on until their time has come: nothing was issued anew.
    #expect(try mesh.recorded.issued() == 3)
    await mesh.pass(30)
    #expect(try mesh.recorded.issued() == 6)
    let chain = try #require(await readers[0].next()?.certificate).chain
    await #expect(throws: VerificationError.self) { try await old.verify(chain, at: mesh.now) }
    for reader in readers { reader.subscription.cancel() }
    #expect(mesh.authority.report.spread.values.allSatisfy { $0.waitingSubscribers == 0 })
  }

  @Test func `a leaf whose root is taken away before its time is replaced within seconds`() async throws {
    let mesh = try await Mesh()
    try await mesh.look()
    var reader = await Reader(mesh)
    try await reader.describe()
    _ = await reader.next()
    let old = try #require(try await mesh.custody.load()?.signer?.id)
    try await mesh.command(.prepare)
    try await mesh.command(.activate(nil), force: true)
    try await mesh.look()
    try await mesh.command(.retire(old), force: true)
    #expect(try mesh.recorded.issued() == 1)
    await mesh.pass(AuthoritySecretSource.replacementSpread)
    #expect(try mesh.recorded.issued() == 2)
    let secrets = try #require(await reader.next())
    let chain = try #require(secrets.certificate).chain
    #expect(try await mesh.bundle?.verify(chain, at: mesh.now) == mesh.cart.id)
    reader.subscription.cancel()
  }

  @Test func `a stream without the bundle holds up the next root until its leaf has ended`() async throws {
    let mesh = try await Mesh()
    try await mesh.look()
    var reader = await Reader(mesh)
    try await reader.describe(bundle: false)
    _ = await reader.next()
    try await mesh.command(.prepare)
    #expect(mesh.authority.report.spread.values.map(\.waitingSubscribers).max() == 0)
    #expect(mesh.authority.report.spread.values.compactMap(\.olderBundlesUntil).max() == mesh.now + 60)
    reader.subscription.cancel()
  }

  @Test func `a stream ends when what was shown for it is too old`() async throws {
    let lifetime = StreamLifetime(afterExpiry: .seconds(100), maximum: .seconds(1000))
    let mesh = try await Mesh(lifetime: lifetime)
    try await mesh.look()
    var ending = await Reader(mesh, mesh.caller(expiry: 20))
    var staying = await Reader(mesh)
    await mesh.pass(119)
    try await ending.describe()
    #expect(await ending.next()?.certificate != nil)
    await mesh.pass(1)
    #expect(await ending.next() == nil)
    ending.subscription.cancel()
    try await staying.describe()
    #expect(await staying.next()?.certificate != nil)
    staying.subscription.cancel()
  }

  @Test func `an authority that can't sign any more ends its streams, and takes no new ones`() async throws {
    let mesh = try await Mesh()
    var early = await Reader(mesh)
    #expect(await early.next() == nil)
    early.subscription.cancel()
    try await mesh.look()
    var reader = await Reader(mesh)
    await mesh.pass(Mesh.policy.intermediateLife)
    #expect(await reader.next() == nil)
    reader.subscription.cancel()
    var late = await Reader(mesh)
    #expect(await late.next() == nil)
    late.subscription.cancel()
    #expect(try mesh.recorded.expectGauge("amesh_identity_streams").lastValue == 0)
  }

  @Test func `a client that sends ever more requests on one stream is sent away`() async throws {
    let mesh = try await Mesh()
    try await mesh.look()
    let reader = await Reader(mesh)
    for _ in 0..<10 { try await reader.describe(csr: Mesh.request()) }
    let request = try Mesh.request()
    let error = await #expect(throws: XDSStatus.self) { try await reader.describe(csr: request) }
    #expect(error?.code == .resourceExhausted)
    await mesh.pass(1)
    try await reader.describe(csr: request)
    reader.subscription.cancel()
  }

  @Test func `one task renews for all streams, second by second`() async throws {
    let mesh = try await Mesh(sleep: { clock in
      // Five minutes go by as fast as they can.
      let isOver = clock.withLockedValue { now in
        now += 1
        return now >= Date(timeIntervalSince1970: 1_800_000_300)
      }
      if isOver { try await Task.sleep(for: .seconds(3600)) }
    })
    try await mesh.look()
    var opened: [Reader] = []
    for _ in 0..<4 {
      let reader = await Reader(mesh)
      try await reader.describe()
      opened.append(reader)
    }
    let readers = opened
    try await withThrowingTaskGroup { group in
      group.addTask { try await mesh.source.run() }
      while mesh.now < Date(timeIntervalSince1970: 1_800_000_300) { await Task.yield() }
      for reader in readers {
        let chain = try #require(reader.subscription.current?.certificate).chain
        #expect(chain[0].validity.notAfter >= mesh.now + 20)
      }
      group.cancelAll()
      try await group.waitForAll()
    }
    // At 0, 30 … 270 seconds; the last second may have been cut off.
    #expect(try 36...44 ~= mesh.recorded.issued())
    for reader in readers {
      #expect(reader.subscription.current == nil)
      reader.subscription.cancel()
    }
  }

  @Test func `over a socket, a stream lives through leaves and roots, and ends in its time`() async throws {
    let mesh = try await Mesh(lifetime: StreamLifetime(maximum: .seconds(95)))
    try await mesh.look()
    try await mesh.overUnixSocket { client in
      let names = ["ROOTCA", "default"]
      let (asked, ask) = AsyncStream.makeStream(of: Envoy_Service_Discovery_V3_DiscoveryRequest.self)
      ask.yield(.names(names))
      let error = await #expect(throws: RPCError.self) {
        try await Client(wrapping: client).streamSecrets(metadata: CertificateSigningServiceTests.token) { writer in
          for await request in asked { try await writer.write(request) }
        } onResponse: { response in
          var said: [String] = []
          for try await message in response.messages {
            let got = try message.resources.map {
              try Envoy_Extensions_TransportSockets_Tls_V3_Secret(serializedBytes: $0.value).name
            }
            said.append(got.joined(separator: " "))
            ask.yield(.names(names, nonce: message.nonce))
            switch said.count {
            case 1: continue
            case 2: await mesh.pass(30)
            case 3: try await mesh.command(.prepare)
            default:
              #expect(said == ["ROOTCA", "default", "default", "ROOTCA"])
              // What was acknowledged over the wire lets the next root sign.
              while mesh.authority.report.spread.values.contains(where: { $0.waitingSubscribers > 0 }) {
                await Task.yield()
              }
              try await mesh.command(.activate(nil))
              await mesh.pass(65)
            }
          }
        }
      }
      #expect(error?.code == .unavailable)
      ask.finish()
    }
  }

  @Test(arguments: [(0, 0.5), (1, 1), (5, 16), (6, 30), (400, 30)])
  func `failures are tried again, ever later`(_ failures: Int, _ shortest: Double) {
    #expect(AuthoritySubscription.retryAfter(failures: failures, draw: 0) == shortest)
    #expect(AuthoritySubscription.retryAfter(failures: failures, draw: 1) == 2 * shortest)
  }
}

@Suite struct AgendaTests {
  @Test func `what is due comes out once, the oldest first`() {
    var agenda = Agenda<String>()
    agenda.add("later", at: 30)
    agenda.add("soon", at: 10)
    agenda.add("sooner", at: 5)
    agenda.add("moved", at: 7)
    agenda.remove("moved", at: 7)
    agenda.add("moved", at: 40)
    #expect(agenda.takeDue(at: 4) == [])
    #expect(agenda.takeDue(at: 10) == ["sooner", "soon"])
    #expect(agenda.takeDue(at: 10) == [])
    // The clock may be set back, and jump.
    agenda.add("past", at: 1)
    #expect(agenda.takeDue(at: 2) == ["past"])
    #expect(agenda.takeDue(at: 1_000_000) == ["later", "moved"])
    #expect(agenda.isEmpty)
  }
}

extension CallerSecrets {
  func secret(_ name: String) -> Envoy_Extensions_TransportSockets_Tls_V3_Secret? {
    guard case .found(let resource) = lookUp(name, typeURL: secretTypeURL) else { return nil }
    return try? Envoy_Extensions_TransportSockets_Tls_V3_Secret(serializedBytes: resource.bytes)
  }

  func version(_ name: String) -> String? {
    guard case .found(let resource) = lookUp(name, typeURL: secretTypeURL) else { return nil }
    return resource.version
  }

  var roots: String? {
    secret("ROOTCA").map { String(decoding: $0.validationContext.trustedCa.inlineBytes, as: UTF8.self) }
  }

  var certificate: (chain: [MeshCertificate], key: String)? {
    guard let certificate = secret("default")?.tlsCertificate,
      let chain = try? MeshCertificate.readPEM(Array(certificate.certificateChain.inlineBytes))
    else { return nil }
    return (chain, String(decoding: certificate.privateKey.inlineBytes, as: UTF8.self))
  }
}
