import AmeshTesting
import Foundation
import KubernetesObjects
import KubernetesTesting
import NIOConcurrencyHelpers
import Testing

@testable import KubernetesAPI

/// The client against a server that answers in any way, over real connections.
@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
  private static let key = ObjectKey(namespace: "web", name: "one")
  private static let object = #"{"metadata":{"name":"one","namespace":"web","resourceVersion":"7"}}"#

  static func withClient(
    _ server: String,
    user: ClusterUser = ClusterUser(),
    certificateAuthority: CredentialText? = nil,
    tlsServerName: String? = nil,
    time: Timekeeper = Timekeeper(),
    configuration: ClientConfiguration = ClientConfiguration(),
    _ body: (HTTPKubernetesClient) async throws -> Void
  ) async throws {
    let connection = ClusterConnection(
      server: server,
      certificateAuthority: certificateAuthority,
      tlsServerName: tlsServerName,
      user: user
    )
    let client = try HTTPKubernetesClient(connection, configuration: configuration, time: time, draw: { 0 })
    do {
      try await body(client)
    } catch {
      await client.shutdown()
      throw error
    }
    await client.shutdown()
  }

  private func run(
    user: ClusterUser = ClusterUser(),
    time: Timekeeper = Timekeeper(),
    configuration: ClientConfiguration = ClientConfiguration(),
    _ script: @escaping LoopbackServer.Script,
    body: (HTTPKubernetesClient, LoopbackServer) async throws -> Void
  ) async throws {
    try await LoopbackServer.serving(script) { server in
      let address = "http://127.0.0.1:\(server.port)"
      try await Self.withClient(address, user: user, time: time, configuration: configuration) { client in
        try await body(client, server)
      }
    }
  }

  private func failure(_ body: () async throws(APIError) -> Void) async throws -> APIError {
    do throws(APIError) {
      try await body()
    } catch {
      return error
    }
    throw KubernetesContractFailure()
  }

  private struct KubernetesContractFailure: Error {}

  /// A client that tries once.
  private var once: ClientConfiguration {
    var configuration = ClientConfiguration()
    configuration.retry.attempts = 1
    return configuration
  }

  @Test func `requests are what the API takes`() async throws {
    try await run(user: ClusterUser(token: .inline(Array("secret".utf8)))) { _, exchange in
      exchange.answer(200, #"{"metadata":{"name":"one","resourceVersion":"7","continue":"more"},"items":null}"#)
    } body: { client, server in
      _ = try await client.get(.pods, Self.key)
      let selection = ObjectSelection(namespace: "web", labels: "a=b", fields: "c=d")
      let page = try await client.list(.pods, ListQuery(selection, limit: 5, continuation: "x y"))
      #expect(page.continuation == "more" && page.resourceVersion == "7" && page.items.isEmpty)
      try await client.create(.configMaps, ["metadata": ["name": "one", "namespace": "web"]])
      try await client.apply(.namespaces, ["metadata": ["name": "one"]], fieldManager: "m n", force: true)
      try await client.updateStatus(.namespaces, ["metadata": ["name": "one"]])
      try await client.delete(.pods, Self.key, DeletePreconditions(uid: "u"))
      _ = try await client.read("/openid/v1/jwks?x=y")
      let requests = server.requests.state
      #expect(
        requests.map { "\($0.method) \($0.target)" } == [
          "GET /api/v1/namespaces/web/pods/one",
          "GET /api/v1/namespaces/web/pods?labelSelector=a%3Db&fieldSelector=c%3Dd&limit=5&continue=x%20y",
          "POST /api/v1/namespaces/web/configmaps",
          "PATCH /api/v1/namespaces/one?fieldManager=m%20n&force=true",
          "PUT /api/v1/namespaces/one/status",
          "DELETE /api/v1/namespaces/web/pods/one",
          "GET /openid/v1/jwks?x=y",
        ]
      )
      #expect(requests.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
      #expect(requests[3].headers["content-type"] == "application/apply-patch+yaml")
      #expect(requests[2].body == #"{"metadata":{"name":"one","namespace":"web"}}"#)
      #expect(requests[5].body.contains(#""preconditions":{"uid":"u"}"#))
    }
  }

  @Test func `a refusal is read as what the server says`() async throws {
    try await run { _, exchange in
      exchange.answer(403, #"{"kind":"Status","code":403,"reason":"Forbidden","message":"no pods for you"}"#)
    } body: { client, _ in
      let error = try await failure { () throws(APIError) in _ = try await client.get(.pods, Self.key) }
      #expect(error.isForbidden)
      #expect(error.description.contains("no pods for you") && error.description.contains("Role"))
    }
  }

  @Test func `429 is waited out as the server asks, for writes too`() async throws {
    let waits = Observed([Duration]())
    let limit = ClientConfiguration().requestTimeout
    let time = Timekeeper(now: { .zero }) { duration in
      if duration == limit { try await Task.sleep(for: .seconds(60)) } else { waits.change { $0.append(duration) } }
    }
    let asked = NIOLockedValueBox(0)
    try await run(time: time) { _, exchange in
      let count = asked.withLockedValue { count in
        count += 1
        return count
      }
      if count < 3 {
        exchange.answer(429, "slow down", headers: ["retry-after": "\(count + 6)"])
      } else {
        exchange.answer(201, Self.object)
      }
    } body: { client, server in
      let created = try await client.create(.configMaps, ["metadata": ["name": "one", "namespace": "web"]])
      #expect(ObjectMetadata(of: created.root)?.resourceVersion == "7")
      #expect(server.requests.state.count == 3)
      #expect(waits.state == [.seconds(7), .seconds(8)])
    }
  }

  @Test func `a token that is refused is read anew, once`() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("token", "old")
    try await run(user: ClusterUser(token: .file(path))) { request, exchange in
      if request.headers["authorization"] == "Bearer new" {
        exchange.answer(200, Self.object)
      } else {
        exchange.answer(401, #"{"kind":"Status","code":401,"reason":"Unauthorized","message":"Unauthorized"}"#)
      }
    } body: { client, server in
      let error = try await failure { () throws(APIError) in _ = try await client.get(.pods, Self.key) }
      #expect(error.isUnauthorized)
      #expect(server.requests.state.count == 1)
      _ = try folder.write("token", "new")
      _ = try await client.get(.pods, Self.key)
      let shown = server.requests.state.compactMap { $0.headers["authorization"] }
      #expect(shown == ["Bearer old", "Bearer old", "Bearer new"])
    }
  }

  @Test func `a read whose answer is cut is asked again, a write is not`() async throws {
    try await run(
      configuration: {
        var configuration = ClientConfiguration()
        configuration.retry = RetryPolicy(attempts: 3, backoff: Backoff(first: .milliseconds(1), jitter: 1))
        return configuration
      }()
    ) { _, exchange in
      exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"metadata\":")
      exchange.close()
    } body: { client, server in
      for (verb, count) in [("get", 3), ("update", 4)] {
        let error = try await failure { () throws(APIError) in
          if verb == "get" {
            _ = try await client.get(.pods, Self.key)
          } else {
            try await client.update(.pods, ["metadata": ["name": "one", "namespace": "web"]])
          }
        }
        guard case .transport(let problem) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(problem.kind == .cut)
        #expect(server.requests.state.count == count)
      }
    }
  }

  @Test func `an answer that never ends is given up in time`() async throws {
    let clock = ManualClock()
    try await run(time: Timekeeper(clock), configuration: once) { _, exchange in
      exchange.beginChunks()
      exchange.chunk("{")
    } body: { client, server in
      async let failed = failure { () throws(APIError) in _ = try await client.get(.pods, Self.key) }
      await server.requests.wait { $0.count == 1 }
      await clock.waitForSleepers(1)
      clock.advance(by: .seconds(30))
      guard case .transport(let problem) = try await failed else {
        Issue.record("answered")
        return
      }
      #expect(problem.kind == .timedOut)
    }
  }

  @Test func `an answer that is too large is not read`() async throws {
    var configuration = once
    configuration.maximumAnswerBytes = 1000
    try await run(configuration: configuration) { _, exchange in
      exchange.beginChunks()
      for _ in 0..<11 { exchange.chunk(String(repeating: " ", count: 100)) }
      exchange.endChunks()
    } body: { client, _ in
      let error = try await failure { () throws(APIError) in _ = try await client.get(.pods, Self.key) }
      #expect(error == .transport(TransportError(.tooLarge, "it has more than 1000 bytes")))
    }
  }

  @Test(arguments: ["", "<html>", "{\"items\":[]}", "{\"a\":1,\"a\":2}"])
  func `what no API server says is not taken for an answer`(body: String) async throws {
    try await run(configuration: once) { _, exchange in
      exchange.answer(200, body)
    } body: { client, _ in
      let error = try await failure { () throws(APIError) in _ = try await client.list(.pods, ListQuery()) }
      guard case .invalidAnswer = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func `a redirect is not followed, since it would carry the token elsewhere`() async throws {
    try await run { _, exchange in
      exchange.answer(302, "", headers: ["location": "http://127.0.0.1:1/elsewhere"])
    } body: { client, server in
      let error = try await failure { () throws(APIError) in _ = try await client.get(.pods, Self.key) }
      #expect(error.status?.code == 302)
      #expect(server.requests.state.count == 1)
    }
  }

  @Test func `nobody there is told as such`() async throws {
    try await Self.withClient("http://127.0.0.1:1", configuration: once) { client in
      let error = try await failure { () throws(APIError) in _ = try await client.get(.pods, Self.key) }
      guard case .transport(let problem) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(problem.kind == .unreachable, "\(problem)")
    }
  }

  @Test func `who has no more interest ends the request`() async throws {
    try await run { _, _ in
    } body: { client, server in
      let request = Task { try await client.get(.pods, Self.key) }
      await server.requests.wait { $0.count == 1 }
      request.cancel()
      await #expect(throws: APIError.transport(TransportError(.cancelled, ""))) { try await request.value }
    }
  }
}
