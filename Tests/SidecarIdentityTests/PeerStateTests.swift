import EnvoyAPI
import FoundationEssentials
import SPIFFE
import SidecarIdentity
import SwiftProtobuf
import Testing

@Suite struct PeerStateTests {
  private static func response(
    _ peers: [String: (account: String, port: UInt32)] = [:],
    gone: [String] = []
  ) -> PeerState.Response {
    .with {
      $0.nonce = "n"
      $0.removedResources = gone
      $0.resources = peers.map { name, peer in
        let message = Amesh_Workload_V1_Workload.with {
          $0.spiffeID = "spiffe://cluster.local/ns/shop/sa/\(peer.account)"
          $0.mtlsPort = peer.port
          $0.inboundPorts = [.with { ($0.first, $0.last) = (8080, 8090) }]
        }
        return .with {
          $0.name = name
          $0.resource.value = (try? message.serializedData()) ?? Data()
        }
      }
    }
  }

  @Test func `asks for what is wanted, on each stream anew, and for nothing else`() {
    var state = PeerState()
    #expect(state.want(["10.0.0.1", "10.0.0.2"]).isEmpty)
    #expect(state.connected().map(\.resourceNamesSubscribe) == [["10.0.0.1", "10.0.0.2"]])
    let change = state.want(["10.0.0.2", "10.0.0.3"])
    #expect(change.map(\.resourceNamesSubscribe) == [["10.0.0.3"]])
    #expect(change.map(\.resourceNamesUnsubscribe) == [["10.0.0.1"]])
    #expect(state.want(["10.0.0.2", "10.0.0.3"]).isEmpty)
    state.disconnected()
    #expect(state.connected().map(\.resourceNamesSubscribe) == [["10.0.0.2", "10.0.0.3"]])
  }

  @Test func `many names go in several requests that a server takes`() throws {
    var state = PeerState()
    let names = Set((0..<2_500).map { "fd00:1111:2222:3333:4444:5555:6666:\(String($0, radix: 16))" })
    _ = state.connected()
    let requests = state.want(names)
    #expect(requests.count == 3 && Set(requests.flatMap(\.resourceNamesSubscribe)) == names)
    for request in requests { #expect(try request.serializedData().count < 64 << 10) }
    let given = state.want([])
    #expect(Set(given.flatMap(\.resourceNamesUnsubscribe)) == names)
  }

  @Test func `what is known changes with what comes, and stays without a stream`() {
    var state = PeerState()
    _ = state.want(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
    _ = state.connected()
    let (answer, changed) = state.receive(Self.response(["10.0.0.1": ("web", 19443)], gone: ["10.0.0.2"]))
    #expect(answer.responseNonce == "n" && !answer.hasErrorDetail)
    #expect(Set(changed.keys) == ["10.0.0.1", "10.0.0.2"] && changed["10.0.0.2"] == .outside)
    #expect(state.unknownCount == 1 && state.peerCount == 1)
    guard case .peer(let peer) = state.standing("10.0.0.1") else {
      Issue.record("no peer")
      return
    }
    #expect(peer.identity.serviceAccount == "web" && peer.mtlsPort == 19443 && peer.inboundPorts == [8080...8090])
    state.disconnected()
    #expect(state.standing("10.0.0.1") == .peer(peer))
    #expect(state.receive(Self.response(["10.0.0.1": ("web", 19443)])).changed.isEmpty, "nothing new")
    _ = state.want(["10.0.0.2"])
    #expect(state.standing("10.0.0.1") == .unknown, "what nobody asks for is forgotten")
  }

  @Test func `what was not asked for counts for nothing, and what can't be used is refused`() {
    var state = PeerState()
    _ = state.want(["10.0.0.1"])
    _ = state.connected()
    #expect(state.receive(Self.response(["10.0.0.9": ("web", 19443)], gone: ["10.0.0.8"])).changed.isEmpty)
    for (account, port) in [("we b", 19443), ("web", 70_000)] as [(String, UInt32)] {
      let (answer, changed) = state.receive(Self.response(["10.0.0.1": (account, port)]))
      #expect(answer.hasErrorDetail && changed.isEmpty)
    }
    #expect(state.standing("10.0.0.1") == .unknown)
  }

  @Test func `a Pod that takes none is a peer without a port`() {
    var state = PeerState()
    _ = state.want(["10.0.0.1"])
    _ = state.connected()
    _ = state.receive(Self.response(["10.0.0.1": ("web", 0)]))
    if case .peer(let peer) = state.standing("10.0.0.1") {
      #expect(peer.mtlsPort == nil)
    } else {
      Issue.record("no peer")
    }
  }
}
