import AdmissionWebhook
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing

/// Nothing that was accepted is lost when the server ends.
struct DrainTests {
  /// What a client saw of its last request.
  private enum Fate: Sendable, Equatable {
    /// Answered, and asked to go elsewhere.
    case sentAway
    /// No connection could be made any more.
    case refused
    /// A request was sent on an established connection and got no whole answer.
    case lost
  }

  @Test(arguments: [Duration.zero, .milliseconds(300)])
  func `every request on an accepted connection is answered`(delay: Duration) async throws {
    try await withWebhook { configuration in
      configuration.drain.delay = delay
      // A client that is slow between two requests is not an idle one.
      configuration.drain.idleGrace = .seconds(20)
    } _: { webhook in
      let tls = try webhook.clientTLS()
      let request = Reviews.post(Reviews.body)
      let warm = OpenGate(count: 32)
      let answers = Tally()
      try await withThrowingTaskGroup(of: Fate.self) { group in
        for _ in 0..<32 {
          group.addTask {
            try await RawConnection.open(port: webhook.port, tls: tls) { connection in
              for index in 0... {
                try await connection.send(request)
                guard let response = try await connection.readResponse() else { return .lost }
                #expect(response.status == 200)
                answers.add()
                if index == 5 { await warm.arrive() }
                if response.headers["connection"] == "close" { return .sentAway }
              }
              return .lost
            }
          }
        }
        await warm.wait()
        await webhook.shutDown()
        for try await fate in group { #expect(fate == .sentAway) }
      }
      #expect(answers.count >= 32 * 6)
    }
  }

  @Test func `a connection that is idle when the drain begins still gets an answer`() async throws {
    try await withWebhook { configuration in
      configuration.drain.idleGrace = .seconds(10)
    } _: { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        let request = Reviews.post(Reviews.body)
        try await connection.send(request)
        #expect(try await connection.readResponse()?.headers["connection"] == nil)
        await webhook.shutDown()
        // The listener closes before long; this connection was there.
        while (try? await RawConnection.open(port: webhook.port, tls: nil, { _ in })) != nil {}
        try await connection.send(request)
        let last = try await connection.readResponse()
        #expect(last?.status == 200)
        #expect(last?.headers["connection"] == "close")
      }
    }
  }

  @Test func `a request that was half read when the drain began is answered`() async throws {
    try await withWebhook { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        let request = Reviews.post(Reviews.body, headers: ["Expect: 100-continue"])
        try await connection.send(Array(request.prefix(250)))
        #expect(try await connection.readResponse()?.status == 100)
        await webhook.shutDown()
        while (try? await RawConnection.open(port: webhook.port, tls: nil, { _ in })) != nil {}
        try await connection.send(Array(request.dropFirst(250)))
        let response = try await connection.readResponse()
        #expect(response?.status == 200)
        #expect(response?.headers["connection"] == "close")
      }
    }
  }

  @Test func `what never ends is cut at the deadline`() async throws {
    try await withWebhook { configuration in
      configuration.drain.idleGrace = .seconds(600)
      configuration.drain.deadline = .milliseconds(300)
    } _: { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Reviews.post(Reviews.body))
        #expect(try await connection.readResponse()?.status == 200)
        await webhook.shutDown()
        #expect(await connection.readToEnd() == "")
      }
    }
  }

  @Test func `streams in flight are answered over HTTP 2`() async throws {
    try await withWebhook { webhook in
      var configuration = HTTPClient.Configuration(tlsConfiguration: try webhook.clientTLS(applicationProtocols: []))
      configuration.httpVersion = .automatic
      let client = HTTPClient(configuration: configuration)
      let body = Reviews.body
      let begun = OpenGate(count: 16)
      let closed = OpenGate(count: 1)
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<16 {
          group.addTask {
            var request = HTTPClientRequest(url: "https://localhost:\(webhook.port)/inject")
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            let halves = AsyncStream<ByteBuffer> { continuation in
              Task {
                continuation.yield(ByteBuffer(bytes: body.prefix(100)))
                await begun.arrive()
                await closed.wait()
                continuation.yield(ByteBuffer(bytes: body.dropFirst(100)))
                continuation.finish()
              }
            }
            request.body = .stream(halves, length: .known(Int64(body.count)))
            await #expect(throws: Never.self) {
              let response = try await client.execute(request, timeout: .seconds(30))
              #expect(response.version == .http2)
              #expect(response.status == .ok)
              _ = try await response.body.collect(upTo: 1 << 20)
            }
          }
        }
        await begun.wait()
        // The streams are on their way once the server has answered something that was sent after them.
        _ = try? await client.get(url: "https://localhost:\(webhook.port)/").get()
        await webhook.shutDown()
        while (try? await RawConnection.open(port: webhook.port, tls: nil, { _ in })) != nil {}
        await closed.arrive()
      }
      try await client.shutdown()
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a stream that was on its way when the client was asked to leave is answered over HTTP 2`() async throws {
    try await withWebhook { webhook in
      let tls = try webhook.clientTLS(applicationProtocols: ["h2"])
      try await RawConnection.open(port: webhook.port, tls: tls) { connection in
        try await connection.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0])
        try await connection.send(Self.request(stream: 1))
        #expect(await connection.read(until: "\"allowed\":true"))
        await webhook.shutDown()
        // GOAWAY, while no stream is open.
        #expect(await connection.read(until: "\u{0}\u{0}\u{8}\u{7}"))
        try await connection.send(Self.request(stream: 3))
        #expect(await connection.read(until: "\"allowed\":true"))
      }
    }
  }

  /// HEADERS and DATA frames with a review.
  private static func request(stream: UInt8) -> [UInt8] {
    func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
    func frame(_ type: UInt8, _ flags: UInt8, _ payload: [UInt8]) -> [UInt8] {
      [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF), type, flags, 0, 0, 0, stream] + payload
    }
    // RFC 7541: POST and https are of the static table, the others literals that nobody has to remember.
    let headers =
      [0x83, 0x87, 0x04] + text("/inject") + [0x01] + text("localhost") + [0x00] + text("content-type")
      + text("application/json")
    return frame(1, 4, headers) + frame(0, 1, Reviews.body)
  }
}
