import CertificateAuthority
import EnvoyAPI
import FoundationEssentials
import SPIFFE
import SecretDiscovery
import SidecarIdentity
import SwiftProtobuf
import Testing
import WorkloadKeys

@Suite struct SVIDStateTests {
  private let now = TestMesh.now
  private let mesh: TestMesh
  private let node = Envoy_Config_Core_V3_Node.with { $0.id = "web" }

  init() throws { mesh = try TestMesh() }

  private func state() -> SVIDState { SVIDState(trustDomain: mesh.trustDomain, node: node) }

  private func request(in request: Envoy_Service_Discovery_V3_DeltaDiscoveryRequest) -> String {
    request.node.metadata.fields[NodeRequest.signingRequestKey]?.stringValue ?? ""
  }

  @Test func `a new stream asks with a key of its own, and takes what comes for it`() async throws {
    var state = state()
    #expect(state.deadline == nil)
    let key = try FreshKey.p256()
    let asked = state.connected(key, now: now)
    #expect(asked.resourceNamesSubscribe == ["default", "ROOTCA"] && asked.node.id == "web")
    #expect(request(in: asked) == key.request)
    let answer = await state.receive(
      .secrets(chain: try mesh.issue(key.request), bundle: mesh.rootPEM + "\n", nonce: "7"),
      now: now,
      draw: 0
    )
    #expect(answer.responseNonce == "7" && !answer.hasErrorDetail)
    let certificate = try #require(state.certificate)
    #expect(certificate.identity.description == "spiffe://cluster.local/ns/shop/sa/web")
    #expect(certificate.key == key && certificate.intermediates == 0)
    #expect(certificate.dnsNames.first == "web.shop.sa.cluster.local")
    #expect(state.problem == nil)
    // A good third of the hour that it lives: before the server pushes by itself.
    #expect(state.deadline == now + 1080)
  }

  @Test func `a renewal has another key, and the certificate before stays until it is there`() async throws {
    var state = state()
    let first = try FreshKey.p256()
    _ = state.connected(first, now: now)
    let secrets = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse.secrets(
      chain: try mesh.issue(first.request),
      bundle: mesh.rootPEM + "\n"
    )
    _ = await state.receive(secrets, now: now, draw: 1)
    let second = try FreshKey.p256()
    let asked = state.renew(second, now: now + 1500)
    #expect(request(in: asked) == second.request && asked.resourceNamesSubscribe.isEmpty)
    #expect(state.certificate?.key == first)
    // No answer: it asks again.
    #expect(state.deadline == now + 1530)
    _ = await state.receive(.secrets(chain: try mesh.issue(second.request)), now: now + 1501, draw: 0)
    #expect(state.certificate?.key == second && state.figures.renewals == 1)
  }

  @Test func `a successor that the server pushes for the key in use is taken too`() async throws {
    var state = state()
    let first = try FreshKey.p256()
    _ = state.connected(first, now: now)
    let bundle = mesh.rootPEM + "\n"
    _ = await state.receive(.secrets(chain: try mesh.issue(first.request), bundle: bundle), now: now, draw: 0)
    _ = state.renew(try FreshKey.p256(), now: now + 10)
    let pushed = try mesh.issue(first.request)
    let answer = await state.receive(.secrets(chain: pushed), now: now + 11, draw: 0)
    #expect(!answer.hasErrorDetail && state.certificate?.chain == pushed)
    // The one that was asked for is still waited for.
    #expect(state.deadline == now + 40)
  }

  @Test func `what is not good is refused, and what was there stays`() async throws {
    var state = state()
    let key = try FreshKey.p256()
    _ = state.connected(key, now: now)
    let bundle = mesh.rootPEM + "\n"
    _ = await state.receive(.secrets(chain: try mesh.issue(key.request), bundle: bundle), now: now, draw: 0)
    let held = state.certificate
    let foreign = try TestMesh()
    let other = try FreshKey.p256()
    let bad = [
      try mesh.issue(other.request), try foreign.issue(key.request), try mesh.issue(key.request, life: -60),
      "no certificate", "", try TestMesh("elsewhere.test").issue(key.request),
    ]
    for chain in bad {
      let answer = await state.receive(.secrets(chain: chain), now: now, draw: 0)
      #expect(answer.hasErrorDetail && !answer.errorDetail.message.isEmpty)
      #expect(state.certificate == held && state.problem != nil)
    }
    #expect(state.figures.refusals == bad.count)
    for roots in ["", "no bundle", try mesh.issue(key.request)] {
      let answer = await state.receive(.secrets(bundle: roots), now: now, draw: 0)
      #expect(answer.hasErrorDetail, "\(roots.prefix(20))")
      #expect(try state.bundle == mesh.bundle())
    }
  }

  @Test func `a certificate under a root that comes with it is good`() async throws {
    var state = state()
    let key = try FreshKey.p256()
    _ = state.connected(key, now: now)
    let bundle = mesh.rootPEM + "\n"
    _ = await state.receive(.secrets(chain: try mesh.issue(key.request), bundle: bundle), now: now, draw: 0)
    let next = try TestMesh()
    let both = bundle + next.rootPEM + "\n"
    let answer = await state.receive(.secrets(chain: try next.issue(key.request), bundle: both), now: now, draw: 0)
    #expect(!answer.hasErrorDetail && state.bundle?.authorities.count == 2)
  }

  @Test func `no deadline without a stream, and no key in what is printed`() async throws {
    var state = state()
    let key = try FreshKey.p256()
    _ = state.connected(key, now: now)
    state.disconnected()
    #expect(state.deadline == nil)
    #expect(!"\(key)".contains("PRIVATE") && !String(reflecting: key).contains("PRIVATE"))
    var dumped = ""
    dump(key, to: &dumped)
    #expect(!dumped.contains("PRIVATE"))
  }
}
