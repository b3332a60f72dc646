import EnvoyAPI
import SwiftProtobuf
import Testing
import XDSProtocol

@Suite struct StateOfTheWorldStreamTests {
  enum Event: Sendable {
    case ask(
      _ names: [String],
      nonce: String = "",
      error: String? = nil,
      type: String = Fixture.secret,
      node: String? = nil
    )
    case world([String: String])
  }

  @Test(arguments: scenarios) func `a stream does what the protocol says`(_ scenario: Scenario<Event>) {
    var stream = StateOfTheWorldStream(configuration: Fixture.configuration)
    var world = World(contents: ["a": "1", "b": "1", "c": "1", "later": "?", "forbidden": "!"])
    for (number, step) in scenario.steps.enumerated() {
      let actions: [StateOfTheWorldStream.Action]
      switch step.event {
      case .ask(let names, let nonce, let error, let type, let node):
        let request = Envoy_Service_Discovery_V3_DiscoveryRequest.with {
          $0.resourceNames = names
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
    Scenario("first request, and the client's description", (.ask(["a"], node: "n"), ["node n", "send 1: a=s1"])),
    Scenario(
      "a node only in the first message",
      (.ask(["a"], node: "n"), ["node n", "send 1: a=s1"]),
      (.ask(["a"], nonce: "1"), ["ack a=s1"])
    ),
    Scenario(
      "a node in every message",
      (.ask(["a"], node: "n"), ["node n", "send 1: a=s1"]),
      (.ask(["a"], nonce: "1", node: "m"), ["node m", "ack a=s1"])
    ),
    Scenario("no type means the service's own", (.ask(["a"], type: ""), ["send 1: a=s1"])),
    Scenario("ACK", (.ask(["a"]), ["send 1: a=s1"]), (.ask(["a"], nonce: "1"), ["ack a=s1"])),
    Scenario(
      "an ACK that comes twice counts once",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.ask(["a"], nonce: "1"), ["ack a=s1"]),
      (.ask(["a"], nonce: "1"), [])
    ),
    Scenario(
      "a change is pushed, nothing changed is not",
      (.ask(["a", "b"]), ["send 1: a=s1 b=s1"]),
      (.ask(["a", "b"], nonce: "1"), ["ack a=s1 b=s1"]),
      (.world([:]), []),
      (.world(["c": "2"]), []),
      (.world(["b": "2"]), ["send 2: b=s2"]),
      (.ask(["a", "b"], nonce: "2"), ["ack b=s2"])
    ),
    Scenario(
      "NACK: nothing until the content changes, then only what changed",
      (.ask(["a", "b"]), ["send 1: a=s1 b=s1"]),
      (.ask(["a", "b"], nonce: "1", error: "bad"), ["nack a=s1 b=s1 3 bad"]),
      (.world([:]), []),
      (.ask(["a", "b"], nonce: "1", error: "bad"), []),
      (.world(["a": "2"]), ["send 2: a=s2"]),
      (.ask(["a", "b"], nonce: "2"), ["ack a=s2"])
    ),
    Scenario(
      "a NACK may change the names",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.ask(["a", "b"], nonce: "1", error: "bad"), ["nack a=s1 3 bad", "send 2: b=s1"])
    ),
    Scenario(
      "a NACK's text can't forge a log line",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.ask(["a"], nonce: "1", error: "x\nlevel=info\u{1B}[0m\u{2028}"), ["nack a=s1 3 x?level=info?[0m?"])
    ),
    Scenario(
      "back to what was before: told again, since the client has another",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.world(["a": "2"]), ["send 2: a=s2"]),
      (.world(["a": "1"]), ["send 3: a=s1"])
    ),
    Scenario(
      "stale nonce: not answered, new names wait for the answer to the newest response",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.world(["a": "2"]), ["send 2: a=s2"]),
      (.ask(["a", "b"], nonce: "1"), []),
      (.ask(["a", "b"], nonce: "2"), ["ack a=s2", "send 3: b=s1"])
    ),
    Scenario(
      "stale nonce: what is given up is given up, and told again when it is asked for again",
      (.ask(["a", "b"]), ["send 1: a=s1 b=s1"]),
      (.world(["b": "2"]), ["send 2: b=s2"]),
      (.ask(["b"], nonce: "1"), ["ack a=s1"]),
      (.ask(["a", "b"], nonce: "1"), []),
      (.ask(["a", "b"], nonce: "2"), ["ack b=s2", "send 3: a=s1"])
    ),
    Scenario(
      "stale nonce: what no later response told is acknowledged by it",
      (.ask(["a", "b"]), ["send 1: a=s1 b=s1"]),
      (.world(["a": "2"]), ["send 2: a=s2"]),
      (.ask(["a", "b"], nonce: "1"), ["ack b=s1"]),
      (.ask(["a", "b"], nonce: "2"), ["ack a=s2"])
    ),
    Scenario(
      "nonces that never were are passed over",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.ask(["b"], nonce: "2"), []),
      (.ask(["b"], nonce: "01"), []),
      (.ask(["b"], nonce: "0"), []),
      (.ask(["b"], nonce: "-1"), []),
      (.ask(["b"], nonce: "18446744073709551616"), []),
      (.ask(["b"], nonce: "1"), ["send 2: b=s1"])
    ),
    Scenario(
      "names added: only they are told",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.ask(["a", "b", "c"], nonce: "1"), ["ack a=s1", "send 2: b=s1 c=s1"])
    ),
    Scenario(
      "names changed before the first response arrived",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.ask(["a", "b"]), ["send 2: b=s1"]),
      (.ask(["a", "b"], nonce: "1"), ["ack a=s1"]),
      (.ask(["a", "b"], nonce: "2"), ["ack b=s1"])
    ),
    Scenario(
      "names removed: no more is heard of them, until asked for again",
      (.ask(["a", "b"]), ["send 1: a=s1 b=s1"]),
      (.ask(["b"], nonce: "1"), ["ack a=s1 b=s1"]),
      (.world(["a": "2"]), []),
      (.ask(["a", "b"], nonce: "1"), ["send 2: a=s2"])
    ),
    Scenario("a name that comes twice", (.ask(["b", "a", "b"]), ["send 1: a=s1 b=s1"])),
    Scenario(
      "no names: no subscription",
      (.ask([]), []),
      (.world(["a": "2"]), []),
      (.ask(["a"]), ["send 1: a=s2"]),
      (.ask([], nonce: "1"), ["ack a=s2"]),
      (.world(["a": "3"]), []),
      (.ask(["a"], nonce: "1"), ["send 2: a=s3"])
    ),
    Scenario("* is a name like any other", (.ask(["*"]), []), (.world(["*": "1"]), ["send 1: *=s1"])),
    Scenario(
      "reconnect: told, whatever nonce it remembers",
      (.ask(["a"], nonce: "17", node: "n"), ["node n", "send 1: a=s1"])
    ),
    Scenario(
      "what does not exist is not mentioned, and told when it does",
      (.ask(["a", "nowhere"]), ["send 1: a=s1"]),
      (.world(["nowhere": "1"]), ["send 2: nowhere=s1"])
    ),
    Scenario(
      "what is gone is not mentioned; back unchanged, the client still has it",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.world(["a": ""]), []),
      (.world(["a": "1"]), []),
      (.world(["a": "2"]), ["send 2: a=s2"])
    ),
    Scenario(
      "what is yet to be made comes when it is there",
      (.ask(["later"]), []),
      (.world(["later": "1"]), ["send 1: later=s1"]),
      (.world(["later": "?"]), []),
      (.world(["later": "1"]), [])
    ),
    Scenario(
      "two types on one stream keep apart",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.ask(["a", "b"], type: Fixture.other), ["send 2: a=o1 b=o1"]),
      (.ask(["a"], nonce: "1"), ["ack a=s1"]),
      (.ask(["b"], nonce: "2", type: Fixture.other), ["ack a=o1 b=o1"]),
      (.world(["a": "2"]), ["send 3: a=s2"]),
      (.world(["b": "2"]), ["send 4: b=o2"]),
      (.ask(["b", "c"], nonce: "3", type: Fixture.other), []),
      (.ask(["b", "c"], nonce: "4", type: Fixture.other), ["ack b=o2", "send 5: c=o1"])
    ),
    Scenario(
      "unknown type",
      (.ask(["a"], type: "type.googleapis.com/envoy.config.cluster.v3.Cluster"), ["close invalidArgument"]),
      (.ask(["a"]), []),
      (.world(["a": "2"]), [])
    ),
    Scenario("a name of another caller", (.ask(["a", "forbidden"]), ["close permissionDenied"])),
    Scenario(
      "a right that is withdrawn",
      (.ask(["a"]), ["send 1: a=s1"]),
      (.world(["a": "!"]), ["close permissionDenied"]),
      (.ask(["b"], nonce: "1"), [])
    ),
    Scenario(
      "too many names",
      (.ask(["a", "b", "c", "d"]), ["send 1: a=s1 b=s1 c=s1"]),
      (.ask(["a", "b", "c", "d", "e"], nonce: "1"), ["close resourceExhausted"])
    ),
    Scenario("a name that is too long", (.ask(["a", tooLong]), ["close invalidArgument"])),
    Scenario("an empty name", (.ask(["a", ""]), ["close invalidArgument"])),
  ]

  @Test func `a response carries type, nonce, version and who made it`() throws {
    var configuration = Fixture.configuration
    configuration.controlPlaneIdentifier = "amesh-1"
    var stream = StateOfTheWorldStream(configuration: configuration)
    let request = Envoy_Service_Discovery_V3_DiscoveryRequest.with { $0.resourceNames = ["a"] }
    let actions = stream.receive(request, resources: World(contents: ["a": "1"]))
    guard case .send(let response) = try #require(actions.first) else {
      Issue.record("\(actions)")
      return
    }
    #expect(response.typeURL == Fixture.secret)
    #expect(response.resources.map(\.typeURL) == [Fixture.secret])
    #expect(response.versionInfo == "s1")
    #expect(response.nonce == "1")
    #expect(response.controlPlane.identifier == "amesh-1")
  }

  @Test func `the version of several resources changes with each of them`() {
    var versions: Set<String> = []
    for contents in [["a": "1", "b": "1"], ["a": "2", "b": "1"], ["a": "1", "b": "2"], ["a": "1", "c": "1"]] {
      var stream = StateOfTheWorldStream(configuration: Fixture.configuration)
      let request = Envoy_Service_Discovery_V3_DiscoveryRequest.with { $0.resourceNames = ["a", "b", "c"] }
      for case .send(let response) in stream.receive(request, resources: World(contents: contents)) {
        versions.insert(response.versionInfo)
      }
    }
    #expect(versions.count == 4)
  }

  @Test func `what a client has taken can be asked for`() {
    var stream = StateOfTheWorldStream(configuration: Fixture.configuration)
    let world = World(contents: ["a": "1"])
    var request = Envoy_Service_Discovery_V3_DiscoveryRequest.with { $0.resourceNames = ["a"] }
    _ = stream.receive(request, resources: world)
    #expect(stream.isSubscribed(to: "a", typeURL: Fixture.secret))
    #expect(!stream.isSubscribed(to: "b", typeURL: Fixture.secret))
    #expect(!stream.isSubscribed(to: "a", typeURL: Fixture.other))
    #expect(stream.acknowledgedVersion(of: "a", typeURL: Fixture.secret) == nil)
    request.responseNonce = "1"
    _ = stream.receive(request, resources: world)
    #expect(stream.acknowledgedVersion(of: "a", typeURL: Fixture.secret) == "s1")
    _ = stream.resourcesChanged(World(contents: ["a": "2"]))
    #expect(stream.acknowledgedVersion(of: "a", typeURL: Fixture.secret) == nil)
  }
}
