import AsyncHTTPClient
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import AdmissionWebhook

/// What RFC 9110 and RFC 9112 ask of a server besides answering POST.
struct HTTPSemanticsTests {
  @Test(arguments: ["/inject", "/elsewhere"])
  func `the answer to HEAD has no content, and the next request its own answer`(path: String) async throws {
    try await withWebhook { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send("HEAD \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
        try await connection.send(Reviews.post(Reviews.body, headers: ["Connection: close"]))
        return await connection.readToEnd()
      }
      let end = try #require(text.firstRange(of: "\r\n\r\n"))
      #expect(text.hasPrefix("HTTP/1.1 40"))
      #expect(text[..<end.lowerBound].contains("content-length: "))
      let (response, rest) = try #require(RawResponse.parse(String(text[end.upperBound...])))
      #expect(response.status == 200)
      #expect(rest.isEmpty)
    }
  }

  @Test func `the answer to HEAD has no content over HTTP 2`() async throws {
    try await withWebhook { webhook in
      try await webhook.withHTTP2Client { client in
        var request = HTTPClientRequest(url: "https://localhost:\(webhook.port)/inject")
        request.method = .HEAD
        let response = try await client.execute(request, timeout: .seconds(30))
        #expect(response.version == .http2)
        #expect(response.status == .methodNotAllowed)
        #expect(try await response.body.collect(upTo: 1000).readableBytes == 0)
      }
    }
  }

  @Test func `a client that can't wait for a 100 gets none`() async throws {
    try await withWebhook { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        let request = String(decoding: Reviews.post(Reviews.body, headers: ["Expect: 100-continue"]), as: UTF8.self)
        try await connection.send(request.replacing("HTTP/1.1", with: "HTTP/1.0", maxReplacements: 1))
        return await connection.readToEnd()
      }
      #expect(text.hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func `a client that waits for a 100 gets it over HTTP 2 too`() async throws {
    try await withWebhook { webhook in
      try await webhook.withHTTP2Client { client in
        var request = webhook.post(Reviews.body)
        request.headers.add(name: "expect", value: "100-continue")
        let response = try await client.execute(request, timeout: .seconds(30))
        #expect(response.status == .ok)
        #expect(try await response.body.collect(upTo: 1 << 20).readableBytes > 0)
      }
    }
  }

  @Test func `a request that would switch protocols is answered and is the last`() async throws {
    try await withWebhook { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Reviews.post(Reviews.body, headers: ["Connection: Upgrade", "Upgrade: h2c"]))
        let response = try await connection.readResponse()
        #expect(response?.status == 200)
        #expect(response?.headers["connection"] == "close")
        #expect(await connection.readToEnd() == "")
      }
    }
  }

  /// Counts the bytes that would get to the parser.
  private final class ByteCounter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = RequestPart
    private(set) var bytes = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      bytes += unwrapInboundIn(data).readableBytes
    }

    func parsed(_ part: RequestPart, _ context: ChannelHandlerContext) {
      context.fireChannelRead(wrapInboundOut(part))
    }
  }

  @Test func `what follows the last request doesn't get to the parser`() throws {
    let metrics = WebhookMetrics(factory: RecordingMetrics())
    let counter = ByteCounter()
    let guardian = ConnectionGuard(
      .connection,
      server: ServerState(metrics: metrics),
      configuration: WebhookConfiguration(),
      metrics: metrics
    )
    let channel = EmbeddedChannel(handlers: [ByteArrivalHandler(), counter, guardian])
    let context = try channel.pipeline.syncOperations.context(handler: counter)
    func receive(_ count: Int) throws {
      try channel.writeInbound(ByteBuffer(repeating: 0, count: count))
    }
    try receive(10)
    counter.parsed(.head(RequestHead(method: "POST", path: "/inject")), context)
    counter.parsed(.end, context)
    try receive(10)
    let last = RequestHead(method: "POST", path: "/inject")
    last.add(name: "Connection", value: "close")
    counter.parsed(.head(last), context)
    try receive(10)
    #expect(counter.bytes == 30)
    counter.parsed(.end, context)
    try receive(10)
    #expect(counter.bytes == 30)
    _ = try channel.finish(acceptAlreadyClosed: true)
  }
}
