import CallServer
import EnvoyAPI
import EnvoyServices
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import PluginConfiguration
import Testing

@Suite(.timeLimit(.minutes(1)))
struct PluginAccessTests {
  private func refusal(
    _ harness: Harness,
    _ request: Ai_Api7_Amesh_Proto_V1_PluginsRequest,
    _ metadata: Metadata
  ) async -> RPCError? {
    await #expect(throws: RPCError.self) {
      try await harness.run { client, _ in
        try await stream(client, request, metadata) { _ = try await $0.next() }
      }
    }
  }

  @Test func `who can't tell who it is gets nothing`() async throws {
    let harness = Harness()
    harness.begin()
    let error = await refusal(harness, .of(), [:])
    #expect(error?.code == .unauthenticated)
    #expect(try harness.count("amesh_plugin_pushes_total") == 0)
  }

  @Test(arguments: [
    // The name of its own Pod, in another namespace; another Pod of its own.
    ("bank/web", "shop/web"), ("shop/api", "shop/web"), ("shop/we", "shop/web"), ("shop/web", "shop/web-1"),
    ("shop/web", "free"),
  ]) func `a sidecar gets the plugins of its own Pod only`(_ instance: String, _ token: String) async throws {
    let harness = Harness()
    harness.begin()
    let error = await refusal(harness, .of(instance), Callers.metadata(token))
    #expect(error?.code == .permissionDenied)
    #expect(error?.message.contains(token == "free" ? "bound to no Pod" : token) == true, "\(error?.message ?? "")")
    #expect(harness.hub.streamCount == 0)
  }

  @Test(arguments: ["", "web", "/web", "shop/", "shop/web/1", "shop/" + String(repeating: "w", count: 254)])
  func `an instance is NAMESPACE/POD`(_ instance: String) async throws {
    for isOpen in [false, true] {
      var harness = Harness()
      harness.isOpen = isOpen
      harness.begin()
      let error = await refusal(harness, .of(instance), Callers.metadata())
      #expect(error?.code == .invalidArgument)
    }
  }

  @Test func `where the mesh is open anybody gets what it asks for`() async throws {
    var harness = Harness()
    harness.isOpen = true
    harness.begin()
    try await harness.run { client, _ in
      try await stream(client, .of(), [:]) { responses in
        let response = try await responses.next()
        #expect(response.plugins.count == 1)
      }
    }
  }

  @Test(arguments: [false, true]) func `so many streams are open at a time, and places come back`(_ isOpen: Bool)
    async throws
  {
    var harness = Harness()
    harness.isOpen = isOpen
    harness.limits.maximumStreams = isOpen ? 2 : 65_536
    harness.limits.maximumStreamsPerPod = 2
    harness.begin()
    let made = harness
    try await made.run { client, _ in
      try await stream(client) { first in
        _ = try await first.next()
        let error = await #expect(throws: RPCError.self) {
          try await stream(client) { second in
            _ = try await second.next()
            try await stream(client) { _ = try await $0.next() }
          }
        }
        #expect(error?.code == .resourceExhausted)
      }
      // The places are given back when the server has heard of the end.
      while true {
        do {
          try await stream(client) { first in
            _ = try await first.next()
            try await stream(client) { _ = try await $0.next() }
          }
          break
        } catch let error as RPCError where error.code == .resourceExhausted {
          await Task.yield()
        }
      }
    }
  }

  @Test func `a request that is too long is not read`() async throws {
    var harness = Harness()
    harness.limits.maximumMessageBytes = 100
    harness.begin()
    let error = await refusal(harness, .of("shop/" + String(repeating: "w", count: 100)), Callers.metadata())
    #expect(error?.code == .resourceExhausted)
  }
}
