import Logging
import NIOCore
import NIOPosix
import SidecarSettings
import SidecarStatus
import Testing

/// A server on loopback, asked by the client that asks applications: each is the other's peer.
@Suite struct StatusServerTests {
  private static let group = MultiThreadedEventLoopGroup.singleton

  /// Runs `body` beside a server on a port that was free a moment ago.
  private func withServer(
    respond: @escaping @Sendable (StatusRequest) async -> StatusAnswer,
    body: (Int) async throws -> Void
  ) async throws {
    let probe = try await ServerBootstrap(group: Self.group).bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(probe.localAddress?.port)
    try await probe.close()
    let server = StatusServer(
      port: port,
      group: Self.group,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      respond: respond
    )
    try await withThrowingDiscardingTaskGroup { tasks in
      tasks.addTask { await server.run { _ in await Task.yield() } }
      while (try? await LocalHTTP(group: Self.group).connect(host: "127.0.0.1", port: port, timeout: .seconds(1)))
        == nil
      {
        await Task.yield()
      }
      try await body(port)
      tasks.cancelAll()
    }
  }

  private func prober(_ probes: String) -> AppProber {
    let settings = SidecarSettings(environment: ["AMESH_APP_PROBES": probes])
    return AppProber(probes: settings.appProbes, host: "127.0.0.1", group: Self.group)
  }

  @Test func `method, path and place of a request arrive, and the answer goes back`() async throws {
    try await withServer { request in
      .text(request.path == "/teapot" ? 418 : 200, "\(request.method) \(request.path) \(request.isLocal)")
    } body: { port in
      let http = LocalHTTP(group: Self.group)
      var request = LocalHTTP.Request(
        host: "127.0.0.1",
        port: port,
        path: "/teapot?a=b",
        timeout: .seconds(10),
        maximumBytes: 1000
      )
      let answer = try await http.get(request)
      #expect(answer.status == 418)
      #expect(String(decoding: answer.body, as: UTF8.self) == "GET /teapot true\n")
      request.maximumBytes = 3
      let cut = try await http.get(request)
      #expect(cut.isCut && String(decoding: cut.body, as: UTF8.self) == "GET")
    }
  }

  @Test func `probes are done as they were recorded`() async throws {
    try await withServer { request in
      request.path == "/healthy" ? .text(204, "") : .text(500, "sick")
    } body: { port in
      let prober = prober(
        #"""
        {"/app-health/a/livez":{"port":\#(port),"httpGet":{"path":"/healthy"}},
        "/app-health/a/readyz":{"port":\#(port),"httpGet":{"path":"/other"}},
        "/app-health/a/startupz":{"port":\#(port),"tcpSocket":{}}}
        """#
      )
      #expect(await prober.answer("/app-health/a/livez").status == 204)
      let sick = await prober.answer("/app-health/a/readyz")
      #expect(sick.status == 500 && String(decoding: sick.body, as: UTF8.self) == "sick\n")
      #expect(await prober.answer("/app-health/a/startupz").status == 200)
      #expect(await prober.answer("/app-health/b/livez").status == 404)
    }
  }

  @Test(
    arguments: [
      #"{"/p":{"port":1,"httpGet":{}}}"#, #"{"/p":{"port":1,"tcpSocket":{}}}"#, #"{"/p":{"port":1,"grpc":{}}}"#,
      #"{"/p":{"port":1,"httpGet":{"scheme":"HTTPS"}}}"#,
    ]
  )
  func `an application that does not listen is not healthy`(_ probes: String) async {
    #expect(await prober(probes).answer("/p").status == 503)
  }
}
