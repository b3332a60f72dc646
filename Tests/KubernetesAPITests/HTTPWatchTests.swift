import KubernetesObjects
import KubernetesTesting
import NIOConcurrencyHelpers
import Testing

@testable import KubernetesAPI

/// Watches over real connections.
@Suite(.timeLimit(.minutes(1))) struct HTTPWatchTests {
  private static func event(_ type: String, _ name: String, _ version: Int) -> String {
    #"{"type":"\#(type)","object":{"metadata":{"name":"\#(name)","resourceVersion":"\#(version)"}}}"# + "\n"
  }

  /// Watches until the watch is over, and gives what was told and how it ended.
  private func watch(
    _ configuration: ClientConfiguration = ClientConfiguration(),
    _ script: @escaping LoopbackServer.Script
  ) async throws -> (told: [String], error: APIError?, target: String) {
    let told = NIOLockedValueBox([String]())
    var error: APIError?
    var target = ""
    try await LoopbackServer.serving(script) { server in
      try await HTTPClientTests.withClient("http://127.0.0.1:\(server.port)", configuration: configuration) { client in
        do throws(APIError) {
          try await client.watch(.pods, WatchQuery(from: "5", timeout: .seconds(60))) { event in
            let text =
              switch event {
              case .opened: "opened"
              case .added(let view): "added \(ObjectKey(of: view)?.name ?? "")"
              case .modified(let view): "modified \(ObjectKey(of: view)?.name ?? "")"
              case .deleted(let view): "deleted \(ObjectKey(of: view)?.name ?? "")"
              case .bookmark(let version): "bookmark \(version)"
              }
            told.withLockedValue { $0.append(text) }
          }
        } catch let failure {
          error = failure
        }
        target = server.requests.state.first?.target ?? ""
      }
    }
    return (told.withLockedValue { $0 }, error, target)
  }

  @Test func `events come however they are cut, and the end in peace is one`() async throws {
    let text =
      Self.event("ADDED", "é", 6) + "\n" + Self.event("MODIFIED", "é", 7) + Self.event("NEWER", "x", 8)
      + Self.event("DELETED", "é", 9) + Self.event("BOOKMARK", "", 10)
    for size in [1, 7, 64, 4096] {
      let outcome = try await watch { _, exchange in
        exchange.beginChunks()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
          let piece = rest.prefix(size)
          // Letters may be cut as well, so these are bytes.
          exchange.send("\(String(piece.count, radix: 16))\r\n")
          exchange.sendBytes(piece)
          exchange.send("\r\n")
          rest = rest.dropFirst(piece.count)
        }
        exchange.endChunks()
      }
      #expect(outcome.told == ["opened", "added é", "modified é", "deleted é", "bookmark 10"])
      #expect(outcome.error == nil)
      #expect(
        outcome.target
          == "/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=60"
      )
    }
  }

  @Test func `a cut in mid-object tells what was whole, and that it was cut`() async throws {
    let closed = try await watch { _, exchange in
      exchange.beginChunks()
      exchange.chunk(Self.event("ADDED", "one", 6) + Self.event("ADDED", "two", 7).dropLast(9))
      exchange.close()
    }
    #expect(closed.told == ["opened", "added one"])
    guard case .transport(let problem)? = closed.error else {
      Issue.record("\(String(describing: closed.error))")
      return
    }
    #expect(problem.kind == .cut)
    // A proxy may end the answer in good order all the same.
    let ended = try await watch { _, exchange in
      exchange.beginChunks()
      exchange.chunk(Self.event("ADDED", "one", 6) + "{\"type\":")
      exchange.endChunks()
    }
    #expect(ended.told == ["opened", "added one"])
    #expect(ended.error == .transport(TransportError(.cut, "a watch ended within an event")))
  }

  @Test func `the server's error is thrown, as an event and as an answer`() async throws {
    let status = #"{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}"#
    let event = try await watch { _, exchange in
      exchange.beginChunks()
      exchange.chunk(Self.event("ADDED", "one", 6) + #"{"type":"ERROR","object":\#(status)}"# + "\n")
    }
    #expect(event.told == ["opened", "added one"])
    #expect(event.error?.isExpired == true)
    let answer = try await watch { _, exchange in exchange.answer(410, status) }
    #expect(answer.told == [])
    #expect(answer.error?.isExpired == true)
    let throttled = try await watch { _, exchange in exchange.answer(429, "", headers: ["retry-after": "9"]) }
    #expect(throttled.error?.retryAfter == .seconds(9))
  }

  @Test func `a watch that says nothing is given up`() async throws {
    var configuration = ClientConfiguration()
    configuration.watchIdleTimeout = .milliseconds(200)
    let outcome = try await watch(configuration) { _, exchange in
      exchange.beginChunks()
      exchange.chunk(Self.event("ADDED", "one", 6))
    }
    #expect(outcome.told == ["opened", "added one"])
    guard case .transport(let problem)? = outcome.error else {
      Issue.record("\(String(describing: outcome.error))")
      return
    }
    #expect(problem.kind == .timedOut)
  }

  @Test func `an event that is too large is refused before it is kept`() async throws {
    var configuration = ClientConfiguration()
    configuration.maximumEventBytes = 500
    let outcome = try await watch(configuration) { _, exchange in
      exchange.beginChunks()
      exchange.chunk(Self.event("ADDED", "one", 6))
      for _ in 0..<100 { exchange.chunk(String(repeating: " ", count: 100)) }
    }
    #expect(outcome.told == ["opened", "added one"])
    #expect(outcome.error == .transport(TransportError(.tooLarge, "an event of a watch has more than 500 bytes")))
  }
}
