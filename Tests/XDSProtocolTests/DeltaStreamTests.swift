import EnvoyAPI
import SwiftProtobuf
import Testing
import XDSProtocol

@Suite struct DeltaStreamTests {
  enum Event: Sendable {
    case ask(
      add: [String] = [],
      remove: [String] = [],
      has: [String: String] = [:],
      nonce: String = "",
      error: String? = nil,
      type: String = Fixture.secret,
      node: String? = nil
    )
    case world([String: String])
  }

  @Test(arguments: scenarios) func `a stream does what the protocol says`(_ scenario: Scenario<Event>) {
    var stream = DeltaStream(configuration: Fixture.configuration)
    var world = World(contents: ["a": "1", "b": "1", "c": "1", "later": "?", "forbidden": "!"])
    for (number, step) in scenario.steps.enumerated() {
      let actions: [DeltaStream.Action]
      switch step.event {
      case .ask(let add, let remove, let has, let nonce, let error, let type, let node):
        let request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest.with {
          $0.resourceNamesSubscribe = add
          $0.resourceNamesUnsubscribe = remove
          $0.initialResourceVersions = has
          $0.typeURL = type
          $0.responseNonce = nonce
          if let error {
            $0.errorDetail.code = 3
            $0.errorDetail.message = error
          }
          if let node { $0.node.id = node }
        }
        actions = stream.receive(request, resources: world)
      case .world(let changes):
        world.contents.merge(changes) { $1 }
        world.contents = world.contents.filter { $0.value != "" }
        actions = stream.resourcesChanged(world)
      }
      #expect(actions.map(\.short) == step.expected, "step \(number)")
    }
  }

  static let tooLong = String(repeating: "x", count: 17)

  static let scenarios: [Scenario<Event>] = [
    Scenario(
      "first request, and the client's description",
      (.ask(add: ["a"], node: "n"), ["node n", "send 1: a=s1"])
    ),
    Scenario("no type means the service's own", (.ask(add: ["a"], type: ""), ["send 1: a=s1"])),
    Scenario("ACK", (.ask(add: ["a"]), ["send 1: a=s1"]), (.ask(nonce: "1"), ["ack a=s1"]), (.ask(nonce: "1"), [])),
    Scenario(
      "a change is pushed, nothing changed is not",
      (.ask(add: ["a", "b"]), ["send 1: a=s1 b=s1"]),
      (.world([:]), []),
      (.world(["c": "2"]), []),
      (.world(["b": "2"]), ["send 2: b=s2"])
    ),
    Scenario(
      "NACK: nothing until the content changes, then only what changed",
      (.ask(add: ["a", "b"]), ["send 1: a=s1 b=s1"]),
      (.ask(nonce: "1", error: "bad"), ["nack a=s1 b=s1 3 bad"]),
      (.world([:]), []),
      (.ask(nonce: "1", error: "bad"), []),
      (.world(["a": "2"]), ["send 2: a=s2"]),
      (.ask(nonce: "2"), ["ack a=s2"])
    ),
    Scenario(
      "each response is answered by its own nonce, in whatever order",
      (.ask(add: ["a", "b"]), ["send 1: a=s1 b=s1"]),
      (.world(["a": "2"]), ["send 2: a=s2"]),
      (.ask(nonce: "2", error: "bad"), ["nack a=s2 3 bad"]),
      (.ask(nonce: "1"), ["ack b=s1"])
    ),
    Scenario(
      "stale nonce: its subscriptions count all the same",
      (.ask(add: ["a"]), ["send 1: a=s1"]),
      (.world(["a": "2"]), ["send 2: a=s2"]),
      (.ask(add: ["b"], nonce: "1"), ["send 3: b=s1"]),
      (.ask(add: ["c"], nonce: "99"), ["send 4: c=s1"])
    ),
    Scenario(
      "names added: only they are told",
      (.ask(add: ["b"]), ["send 1: b=s1"]),
      (.ask(add: ["a", "c"]), ["send 2: a=s1 c=s1"])
    ),
    Scenario(
      "a name that is subscribed to again is told again: the client may have forgotten it",
      (.ask(add: ["a", "b"]), ["send 1: a=s1 b=s1"]),
      (.ask(add: ["a"]), ["send 2: a=s1"]),
      (.ask(nonce: "1"), ["ack b=s1"]),
      (.ask(nonce: "2"), ["ack a=s1"])
    ),
    Scenario(
      "unsubscribe: no more is heard of it",
      (.ask(add: ["a", "b"]), ["send 1: a=s1 b=s1"]),
      (.ask(remove: ["a", "never-asked"], nonce: "1"), ["ack a=s1 b=s1"]),
      (.world(["a": "2"]), []),
      (.ask(add: ["a"]), ["send 2: a=s2"])
    ),
    Scenario(
      "a name in both lists ends up subscribed",
      (.ask(add: ["a"], remove: ["a"]), ["send 1: a=s1"]),
      (.world(["a": "2"]), ["send 2: a=s2"])
    ),
    Scenario(
      "no names: no subscription",
      (.ask(node: "n"), ["node n"]),
      (.world(["a": "2"]), []),
      (.ask(add: ["a"]), ["send 1: a=s2"])
    ),
    Scenario("* is a name like any other", (.ask(add: ["*"]), ["send 1: -*"]), (.world(["a": "2"]), [])),
    Scenario(
      "reconnect: only what differs is told",
      (.ask(add: ["a", "b"], has: ["a": "s1", "b": "s0"]), ["ack a=s1", "send 1: b=s1"]),
      (.world(["a": "2"]), ["send 2: a=s2"])
    ),
    Scenario(
      "reconnect with all up to date: nothing is told",
      (.ask(add: ["a", "b"], has: ["a": "s1", "b": "s1"]), ["ack a=s1 b=s1"]),
      (.world([:]), [])
    ),
    Scenario(
      "reconnect with what is gone: told as removed",
      (.ask(add: ["gone"], has: ["gone": "s1"]), ["send 1: -gone"])
    ),
    Scenario(
      "reconnect while the new one is yet to be made: the old one stays",
      (.ask(add: ["later"], has: ["later": "s0"]), []),
      (.world(["later": "1"]), ["send 1: later=s1"])
    ),
    Scenario(
      "versions of names that are not subscribed to mean nothing",
      (.ask(add: ["a"], has: ["b": "s1", "gone": "s1"]), ["send 1: a=s1"]),
      (.ask(add: ["b"]), ["send 2: b=s1"])
    ),
    Scenario(
      "versions in a later request mean nothing",
      (.ask(add: ["a"]), ["send 1: a=s1"]),
      (.ask(add: ["b"], has: ["b": "s1"]), ["send 2: b=s1"])
    ),
    Scenario(
      "what does not exist is told as removed, once, and told when it does",
      (.ask(add: ["a", "nowhere"]), ["send 1: a=s1 -nowhere"]),
      (.world([:]), []),
      (.world(["nowhere": "1"]), ["send 2: nowhere=s1"]),
      (.world(["nowhere": ""]), ["send 3: -nowhere"]),
      (.ask(nonce: "3"), []),
      (.world([:]), [])
    ),
    Scenario(
      "what is gone comes back unchanged: told, since the client dropped it",
      (.ask(add: ["a"]), ["send 1: a=s1"]),
      (.world(["a": ""]), ["send 2: -a"]),
      (.world(["a": "1"]), ["send 3: a=s1"])
    ),
    Scenario(
      "what is yet to be made comes when it is there",
      (.ask(add: ["later"]), []),
      (.world(["later": "1"]), ["send 1: later=s1"]),
      (.world(["later": "?"]), []),
      (.world(["later": "1"]), [])
    ),
    Scenario(
      "two types on one stream keep apart",
      (.ask(add: ["a"], has: ["a": "s1"]), ["ack a=s1"]),
      (.ask(add: ["a"], has: ["a": "o0"], type: Fixture.other), ["send 1: a=o1"]),
      (.ask(nonce: "1", type: Fixture.secret), []),
      (.ask(nonce: "1", type: Fixture.other), ["ack a=o1"]),
      (.world(["a": "2"]), ["send 2: a=s2", "send 3: a=o2"]),
      (.ask(remove: ["a"], nonce: "2"), ["ack a=s2"]),
      (.world(["a": "3"]), ["send 4: a=o3"])
    ),
    Scenario(
      "unknown type",
      (.ask(add: ["a"], type: "type.googleapis.com/envoy.config.cluster.v3.Cluster"), ["close invalidArgument"]),
      (.ask(add: ["a"]), []),
      (.world(["a": "2"]), [])
    ),
    Scenario("a name of another caller", (.ask(add: ["a", "forbidden"]), ["close permissionDenied"])),
    Scenario(
      "a right that is withdrawn",
      (.ask(add: ["a"]), ["send 1: a=s1"]),
      (.world(["a": "!"]), ["close permissionDenied"]),
      (.ask(add: ["b"]), [])
    ),
    Scenario(
      "too many names, over several requests",
      (.ask(add: ["a", "b", "c"]), ["send 1: a=s1 b=s1 c=s1"]),
      (.ask(add: ["later"], remove: ["c"]), []),
      (.ask(add: ["c"]), ["send 2: c=s1"]),
      (.ask(add: ["d"]), ["close resourceExhausted"])
    ),
    Scenario(
      "too many versions",
      (.ask(has: ["a": "", "b": "", "c": "", "d": "", "e": ""]), ["close resourceExhausted"])
    ),
    Scenario("a name that is too long", (.ask(add: [tooLong]), ["close invalidArgument"])),
    Scenario("a name that is too long to give up", (.ask(remove: [tooLong]), ["close invalidArgument"])),
    Scenario("an empty name", (.ask(add: [""]), ["close invalidArgument"])),
  ]

  @Test func `a brought version that can't be ours is not kept`() {
    var stream = DeltaStream(configuration: Fixture.configuration)
    let long = String(repeating: "v", count: 200)
    let request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest.with {
      $0.resourceNamesSubscribe = ["later"]
      $0.initialResourceVersions = ["later": long]
    }
    #expect(stream.receive(request, resources: World(contents: ["later": "?"])) == [])
    #expect(stream.isSubscribed(to: "later", typeURL: Fixture.secret))
    #expect(stream.acknowledgedVersion(of: "later", typeURL: Fixture.secret) == nil)
  }
}
