import EnvoyAPI
import SwiftProtobuf
import Testing
import XDSProtocol

@Suite struct ClientStreamTests {
  enum Event: Sendable {
    case connect
    case disconnect
    /// A response: type, words, names that are gone. Nonces count from 1, and are the version.
    case told(String, [String] = [], gone: [String] = [])
    case at(seconds: Int)
  }

  @Test(arguments: delta) func `a delta client does what the protocol says`(_ scenario: Scenario<Event>) {
    run(scenario, .delta)
  }

  @Test(arguments: stateOfTheWorld)
  func `a state-of-the-world client does what the protocol says`(_ scenario: Scenario<Event>) {
    run(scenario, .stateOfTheWorld)
  }

  private func run(_ scenario: Scenario<Event>, _ variant: XDSClientStream<WordReader>.Variant) {
    var stream = ClientFixture.stream(variant, maximumResources: 5)
    var now = Duration.zero
    var nonce = 0
    for (number, step) in scenario.steps.enumerated() {
      let actions: [XDSClientAction<String>]
      switch step.event {
      case .connect: actions = stream.connected()
      case .disconnect:
        stream.disconnected()
        actions = []
      case .at(let seconds):
        now = .seconds(seconds)
        actions = stream.tick(now: now)
      case .told(let letter, let words, let gone):
        nonce += 1
        switch variant {
        case .delta: actions = stream.receive(.words(letter, words, gone: gone, nonce: nonce), now: now)
        case .stateOfTheWorld: actions = stream.receive(.words(letter, words, nonce: nonce), now: now)
        }
      }
      #expect(actions.map(\.short) == step.expected, "step \(number)")
    }
  }

  private static let tooMany = (1...7).map { "c\($0)=1" }

  static let delta: [Scenario<Event>] = [
    Scenario(
      "what is referenced is asked for, and nothing is in use before all is there",
      (.connect, ["c node=me", "l"]),
      (.told("c", ["c1(e1)=1"]), ["c ack 1", "e +e1"]),
      (.told("l", ["l1(r1)=1"]), ["l ack 2", "r +r1"]),
      (.told("r", ["r1(c1)=1"]), ["r ack 3"]),
      (.told("e", ["e1=1"]), ["e ack 4", "+e1=1 +c1(e1)=1 +r1(c1)=1 +l1(r1)=1", "ready"]),
      (.at(seconds: 60), [])
    ),
    Scenario(
      "a new cluster waits for its endpoints, its route for it",
      (.connect, ["c node=me", "l"]),
      (.told("c"), ["c ack 1"]),
      (.told("l", ["l1(r1)=1"]), ["l ack 2", "r +r1"]),
      (.told("r", ["r1=1"]), ["r ack 3", "+r1=1 +l1(r1)=1", "ready"]),
      (.told("r", ["r1(c1)=2"]), ["r ack 4"]),
      (.told("c", ["c1(e1)=1"]), ["c ack 5", "e +e1"]),
      (.told("e", ["e1=1"]), ["e ack 6", "+e1=1 +c1(e1)=1 +r1(c1)=2"])
    ),
    Scenario(
      "what is removed stays until its users have gone, and names go with them",
      (.connect, ["c node=me", "l"]),
      (.told("c", ["c1(e1)=1"]), ["c ack 1", "e +e1"]),
      (.told("l", ["l1(r1)=1"]), ["l ack 2", "r +r1"]),
      (.told("e", ["e1=1"]), ["e ack 3"]),
      (.told("r", ["r1(c1)=1"]), ["r ack 4", "+e1=1 +c1(e1)=1 +r1(c1)=1 +l1(r1)=1", "ready"]),
      (.told("c", gone: ["c1"]), ["c ack 5"]),
      (.told("r", ["r1=2"]), ["r ack 6", "+r1=2 -c1 -e1", "e -e1"])
    ),
    Scenario(
      "no reference is waited for beyond the limit",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1"]),
      (.told("c", ["c1(e1)=1", "c2=1"]), ["c ack 2", "e +e1"]),
      (.at(seconds: 14), []),
      (.at(seconds: 15), ["+c1(e1)=1 +c2=1", "ready"]),
      (.told("c", ["c1(e1)=2"]), ["c ack 3", "+c1(e1)=2"]),
      (.told("e", ["e1=1"]), ["e ack 4", "+e1=1"])
    ),
    Scenario(
      "a cluster that the server does not have holds a route up for a moment only",
      (.connect, ["c node=me", "l"]),
      (.told("c"), ["c ack 1"]),
      (.told("l", ["l1(r1)=1"]), ["l ack 2", "r +r1"]),
      (.told("r", ["r1(c9)=1"]), ["r ack 3"]),
      (.at(seconds: 1), []),
      (.at(seconds: 2), ["+r1(c9)=1 +l1(r1)=1", "ready"]),
      (.told("r", ["r1(c8)=2"]), ["r ack 4"]),
      (.at(seconds: 3), []),
      (.at(seconds: 4), ["+r1(c8)=2"])
    ),
    Scenario(
      "endpoints that do not exist are not waited for",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1"]),
      (.told("c", ["c1(e1)=1"]), ["c ack 2", "e +e1"]),
      (.told("e", gone: ["e1"]), ["e ack 3", "+c1(e1)=1", "ready"])
    ),
    Scenario(
      "good resources of a response count, and bad ones are refused by name",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1"]),
      (.told("c", ["c1=1", "c2=1"]), ["c ack 2", "+c1=1 +c2=1", "ready"]),
      (
        .told("c", ["c1=bad", "c2=2", "?"]),
        [
          "c nack 3 C \"c1\": it is bad; C \"?\": not a word. All else of this response is in use.",
          "refused c1@3", "refused ?@3", "+c2=2",
        ]
      ),
      (.disconnect, []),
      (.connect, ["c node=me has c1=2 c2=3", "l"]),
      (.told("c", ["c1=1"]), ["c ack 4"])
    ),
    Scenario(
      "a bad resource without a good one before is not waited for",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1"]),
      (.told("c", ["c1(e1)=1"]), ["c ack 2", "e +e1"]),
      (
        .told("e", ["e1=bad"]),
        [
          "e nack 3 E \"e1\": it is bad. All else of this response is in use.", "refused e1@3", "+c1(e1)=1", "ready",
        ]
      ),
      (.told("e", ["e1=1"]), ["e ack 4", "+e1=1"])
    ),
    Scenario(
      "a lost stream changes nothing, and the next names what is there",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1"]),
      (.told("c", ["c1(e1)=1"]), ["c ack 2", "e +e1"]),
      (.told("e", ["e1=1"]), ["e ack 3", "+e1=1 +c1(e1)=1", "ready"]),
      (.disconnect, []),
      (.told("c", gone: ["c1"]), []),
      (.connect, ["c node=me has c1=2", "l", "e +e1 has e1=3"]),
      (.told("c", gone: ["c1"]), ["c ack 5", "-c1 -e1", "e -e1"])
    ),
    Scenario(
      "the same content under a new version changes nothing",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1"]),
      (.told("c", ["c1=1"]), ["c ack 2", "+c1=1", "ready"]),
      (.told("c", ["c1=1"]), ["c ack 3"]),
      (.disconnect, []),
      (.connect, ["c node=me has c1=3", "l"])
    ),
    Scenario(
      "endpoints that move from one cluster to another are not given up",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1"]),
      (.told("c", ["c1(e1)=1"]), ["c ack 2", "e +e1"]),
      (.told("c", ["c1=2", "c2(e1)=1"]), ["c ack 3"]),
      (.told("e", ["e1=1"]), ["e ack 4", "+e1=1 +c1=2 +c2(e1)=1", "ready"])
    ),
    Scenario(
      "what was not asked for is not kept",
      (.connect, ["c node=me", "l"]),
      (.told("e", ["e7=1"]), ["e ack 1"]),
      (.told("x", ["x=1"]), ["unexpected type.googleapis.com/amesh.test.X"])
    ),
    Scenario(
      "the same name twice, and too many resources",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1"]),
      (
        .told("c", ["c1=1", "c1=2"]),
        [
          "c nack 2 C \"c1\": it is in the response twice; the first one counts. All else of this response is in use.",
          "refused c1@2", "+c1=1", "ready",
        ]
      ),
      (
        .told("c", tooMany),
        [
          "c nack 3 C \"c6\": 5 resources of a type are the most; C \"c7\": 5 resources of a type are the most. "
            + "All else of this response is in use.",
          "refused c6@3", "refused c7@3", "+c2=1 +c3=1 +c4=1 +c5=1",
        ]
      )
    ),
  ]

  static let stateOfTheWorld: [Scenario<Event>] = [
    Scenario(
      "what is not in a response is gone, of types that are asked for as a whole",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1 v1"]),
      (.told("c", ["c1(e1)=1", "c2(e2)=1"]), ["c ack 2 v2", "e e1 e2"]),
      (.told("e", ["e1=1"]), ["e e1 e2 ack 3 v3"]),
      (.told("e", ["e2=1"]), ["e e1 e2 ack 4 v4", "+e1=1 +e2=1 +c1(e1)=1 +c2(e2)=1", "ready"]),
      (.told("c", ["c2(e2)=1"]), ["c ack 5 v5", "-c1 -e1", "e e2 ack 4 v4"]),
      (.told("c"), ["c ack 6 v6", "-c2 -e2", "e ack 4 v4"])
    ),
    Scenario(
      "a NACK names the last good version, and removes nothing that it can't name",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1 v1"]),
      (.told("c", ["c1=1", "c2=1"]), ["c ack 2 v2", "+c1=1 +c2=1", "ready"]),
      (
        .told("c", ["?", "c2=2"]),
        [
          "c nack 3 v2 C without a name that can be read: not a word. All else of this response is in use.",
          "refused @3", "+c2=2",
        ]
      ),
      (.disconnect, []),
      (.connect, ["c node=me v2", "l v1"])
    ),
    Scenario(
      "a bad resource is not a missing one",
      (.connect, ["c node=me", "l"]),
      (.told("l"), ["l ack 1 v1"]),
      (.told("c", ["c1=1"]), ["c ack 2 v2", "+c1=1", "ready"]),
      (
        .told("c", ["c1=bad"]),
        ["c nack 3 v2 C \"c1\": it is bad. All else of this response is in use.", "refused c1@3"]
      ),
      (.told("c", ["c1=1"]), ["c ack 4 v4"])
    ),
  ]
}

extension Envoy_Service_Discovery_V3_DeltaDiscoveryResponse {
  static func words(_ letter: String, _ words: [String], gone: [String] = [], nonce: Int) -> Self {
    .with {
      $0.typeURL = ClientFixture.typeURL(letter)
      $0.nonce = String(nonce)
      $0.removedResources = gone
      $0.resources = words.map { word in
        .with {
          $0.name = ClientFixture.name(word)
          $0.version = String(nonce)
          $0.resource = ClientFixture.packed(word, as: letter)
        }
      }
    }
  }
}

extension Envoy_Service_Discovery_V3_DiscoveryResponse {
  static func words(_ letter: String, _ words: [String], nonce: Int) -> Self {
    .with {
      $0.typeURL = ClientFixture.typeURL(letter)
      $0.nonce = String(nonce)
      $0.versionInfo = String(nonce)
      $0.resources = words.map { ClientFixture.packed($0, as: letter) }
    }
  }
}
