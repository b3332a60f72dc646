import CallServer
import EnvoyAPI
import EnvoyServices
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import KubernetesObjects
import MetricsTestKit
import NIOConcurrencyHelpers
import PluginConfiguration
import Testing

@Suite(.timeLimit(.minutes(1)))
struct PluginStreamTests {
  @Test func `a sidecar gets its set at once, then each change, and no other's`() async throws {
    let harness = Harness()
    harness.begin()
    try await harness.run { client, _ in
      try await stream(client) { responses in
        let first = try await responses.next()
        #expect(first.texts == [#"shop/add-header: add-header {"number":1}"#])
        #expect(harness.hub.streamCount == 1)
        // Not meant for it: what comes next is the next change.
        var other = Harness.config("other")
        other.selector = LabelSelector(matchLabels: ["app": "api"])
        harness.change(other)
        harness.change(Harness.config("add-header", generation: 2))
        let second = try await responses.next()
        #expect(second.texts == [#"shop/add-header: add-header {"number":2}"#])
        #expect(second.revision != first.revision)
        harness.hub.take([(Harness.config("add-header").key, nil)])
        let last = try await responses.next()
        #expect(last.plugins.isEmpty)
      }
    }
    #expect(harness.hub.streamCount == 0)
    #expect(try harness.count("amesh_plugin_pushes_total") == 3)
    #expect(try harness.metrics.expectGauge("amesh_plugin_streams").lastValue == 0)
  }

  @Test func `who asks before the Pod is known is answered when it is`() async throws {
    let harness = Harness()
    harness.hub.becomeReady()
    try await harness.run { client, _ in
      try await stream(client) { responses in
        // Headers are there: the server has taken the request.
        harness.hub.take([(Harness.web, [:])])
        let response = try await responses.next()
        #expect(response.plugins.isEmpty)
      }
    }
  }

  @Test func `a Pod that has gone ends its stream`() async throws {
    let harness = Harness()
    harness.begin()
    let error = await #expect(throws: RPCError.self) {
      try await harness.run { client, _ in
        try await stream(client) { responses in
          _ = try await responses.next()
          harness.hub.take([(Harness.web, nil)])
          _ = try await responses.next()
        }
      }
    }
    #expect(error?.code == .unavailable)
    #expect(harness.hub.streamCount == 0)
  }

  @Test func `a server that ends tells its clients to go, and waits for them only so long`() async throws {
    var harness = Harness()
    harness.limits.connectionGrace = .milliseconds(100)
    harness.limits.departureMargin = .milliseconds(100)
    harness.begin()
    let made = harness
    try await made.serving { server, transport in
      try await withGRPCClient(transport: transport()) { client in
        let error = await #expect(throws: (any Error).self) {
          try await stream(AmeshService.Client(wrapping: client)) { responses in
            _ = try await responses.next()
            server.beginGracefulShutdown()
            _ = try await responses.next()
          }
        }
        #expect((error as? RPCError)?.code == .unavailable, "\(String(describing: error))")
      }
    }
    #expect(made.hub.streamCount == 0)
  }

  /// Bytes of each change, of which a server keeps some for a slow reader.
  private static let large = String(repeating: "x", count: 100_000)

  @Test func `a sidecar that reads slowly misses what is outdated, never the last`() async throws {
    let harness = Harness()
    harness.begin([])
    try await harness.run { client, _ in
      try await stream(client) { responses in
        _ = try await responses.next()
        let count = 300
        for number in 1...count {
          var config = Harness.config("large", generation: number)
          config.plugins = [PluginEntry("cors", ["text": .string(Self.large), "number": .number(JSONNumber(number))])]
          harness.change(config)
        }
        var read = 0
        var version = ""
        repeat {
          version = try await responses.next().plugins.first?.version ?? ""
          read += 1
        } while version != "large/\(count)"
        #expect(read < count / 2)
      }
    }
  }

  @Test func `hundreds of changes from many sides leave every stream with its set`() async throws {
    let harness = Harness()
    harness.begin([])
    let pods = (0..<40).map { PluginIndex.Pod(namespace: "shop", name: "pod-\($0)") }
    harness.hub.take(zip(0..., pods).map { ($1, ["app": "app-\($0 % 4)"]) })
    let hub = harness.hub
    let held = NIOLockedValueBox<[PluginIndex.Pod: String]>([:])
    try await harness.run { client, _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for pod in pods {
          let instance = "\(pod.namespace)/\(pod.name)"
          group.addTask {
            try await stream(client, .of(instance), Callers.metadata(instance)) { responses in
              while true {
                let response = try await responses.next()
                held.withLockedValue { $0[pod] = response.revision }
                // Of some the server may have forgotten it.
                _ = hub.acknowledge(pod, revision: response.revision, refusals: [:])
                if response.plugins.contains(where: { $0.name == "shop/last" }) { return }
              }
            }
          }
        }
        await withTaskGroup(of: Void.self) { changes in
          for side in 0..<8 {
            changes.addTask {
              for round in 1...40 {
                var config = Harness.config("config-\(side)-\(round % 5)", generation: round)
                config.selector = side < 4 ? LabelSelector(matchLabels: ["app": "app-\(side)"]) : nil
                hub.take([(config.key, round % 7 == 0 ? nil : config)])
                await Task.yield()
              }
            }
          }
        }
        harness.change(Harness.config("last"))
        try await group.waitForAll()
      }
      for pod in pods {
        guard let set = hub.read({ $0.set(of: pod) }) else { Issue.record("\(pod) is unknown"); continue }
        #expect(held.withLockedValue { $0[pod] } == set.revision)
      }
    }
    #expect(hub.streamCount == 0)
  }
}
