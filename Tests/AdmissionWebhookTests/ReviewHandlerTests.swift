import AsyncHTTPClient
import Injection
import KubernetesObjects
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOSSL
import Testing

@testable import AdmissionWebhook

/// The order of answers, and what is not read while they are made.
struct ReviewHandlerTests {
  /// Knows no namespace at once, and `slow` only when the gate opens.
  private struct SlowNamespaces: NamespaceSource {
    let gate = OpenGate(count: 1)

    func cached(_ name: String, of pod: JSONView, calledBy selector: WebhookSelector) -> CachedNamespace {
      name == "slow" ? .unknown : .absent
    }

    func namespace(
      _ name: String,
      of pod: JSONView,
      calledBy selector: WebhookSelector
    ) async -> NamespaceMetadata? {
      await gate.wait()
      return NamespaceMetadata(name: name, labels: ["amesh.apisix.apache.org/injection": "enabled"])
    }
  }

  private static func request(uid: String, namespace: String, headers: [String] = []) -> [UInt8] {
    Reviews.post(review(uid: uid, namespace: namespace), headers: headers)
  }

  private static func review(uid: String, namespace: String) -> [UInt8] {
    let review = Reviews.review {
      $0["uid"] = .string(uid)
      $0["namespace"] = .string(namespace)
    }
    return review.serialized()
  }

  private static func uid(_ response: RawResponse?) throws -> String? {
    let body = try JSONValue(parsing: Array((response?.body ?? "").utf8))
    return body["response"]?["uid"]?.string
  }

  @Test func `a namespace that is looked up holds up its connection, in order, and no other`() async throws {
    let namespaces = SlowNamespaces()
    try await withWebhook(namespaces: namespaces) { webhook in
      let tls = try webhook.clientTLS()
      try await RawConnection.open(port: webhook.port, tls: tls) { connection in
        let requests = [("one", "fast"), ("two", "slow"), ("three", "fast"), ("four", "slow"), ("five", "fast")]
        try await connection.send(requests.flatMap { Self.request(uid: $0.0, namespace: $0.1) })
        #expect(try Self.uid(try await connection.readResponse()) == "one")
        try await RawConnection.open(port: webhook.port, tls: tls) { other in
          try await other.send(Self.request(uid: "other", namespace: "fast"))
          #expect(try Self.uid(try await other.readResponse()) == "other")
        }
        await namespaces.gate.arrive()
        for uid in ["two", "three", "four", "five"] {
          let response = try await connection.readResponse()
          #expect(try Self.uid(response) == uid)
          #expect(response?.body.contains("JSONPatch") == (uid == "two" || uid == "four"))
        }
      }
    }
  }

  @Test func `a connection that goes while its namespace is looked up takes nothing along`() async throws {
    let namespaces = SlowNamespaces()
    try await withWebhook(namespaces: namespaces) { webhook in
      var tls = try webhook.clientTLS()
      tls.shutdownTimeout = .milliseconds(50)
      let whole = webhook.bodyBudget.freeBytes
      try await RawConnection.open(port: webhook.port, tls: tls) { connection in
        try await connection.send(Self.request(uid: "gone", namespace: "slow"))
        while webhook.bodyBudget.freeBytes == whole { try await Task.sleep(for: .milliseconds(1)) }
      }
      await namespaces.gate.arrive()
      while webhook.bodyBudget.freeBytes < whole { try await Task.sleep(for: .milliseconds(1)) }
      try await RawConnection.open(port: webhook.port, tls: tls) { other in
        try await other.send(Self.request(uid: "other", namespace: "fast"))
        #expect(try Self.uid(try await other.readResponse()) == "other")
      }
    }
  }

  @Test func `a client that closes with its second request gets both answers`() async throws {
    let namespaces = SlowNamespaces()
    try await withWebhook(namespaces: namespaces) { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        let last = Self.request(uid: "last", namespace: "fast", headers: ["Connection: close"])
        try await connection.send(Self.request(uid: "first", namespace: "slow") + last)
        await namespaces.gate.arrive()
        let first = try await connection.readResponse()
        #expect(try Self.uid(first) == "first")
        #expect(first?.headers["connection"] == nil)
        let second = try await connection.readResponse()
        #expect(try Self.uid(second) == "last")
        #expect(second?.headers["connection"] == "close")
        #expect(await connection.readToEnd() == "")
      }
    }
  }

  @Test func `a client that says it sends no more still gets its answers`() async throws {
    let namespaces = SlowNamespaces()
    try await withWebhook(namespaces: namespaces) { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        let requests = [Self.request(uid: "one", namespace: "slow"), Self.request(uid: "two", namespace: "fast")]
        try await connection.send(requests.flatMap { $0 })
        connection.endOutput()
        await namespaces.gate.arrive()
        #expect(try Self.uid(try await connection.readResponse()) == "one")
        #expect(try Self.uid(try await connection.readResponse()) == "two")
        #expect(await connection.readToEnd() == "")
      }
    }
  }

  @Test func `a stream that is reset while its namespace is looked up takes nothing along`() async throws {
    let namespaces = SlowNamespaces()
    try await withWebhook(namespaces: namespaces) { webhook in
      let whole = webhook.bodyBudget.freeBytes
      try await webhook.withHTTP2Client { client in
        let asking = Task {
          try await client.execute(
            webhook.post(Self.review(uid: "gone", namespace: "slow")),
            timeout: .seconds(60)
          )
        }
        while webhook.bodyBudget.freeBytes == whole { try await Task.sleep(for: .milliseconds(1)) }
        asking.cancel()
        await #expect(throws: (any Error).self) { try await asking.value }
        let other = try await client.execute(
          webhook.post(Self.review(uid: "other", namespace: "fast")),
          timeout: .seconds(60)
        )
        #expect(other.status == .ok)
        await namespaces.gate.arrive()
        while webhook.bodyBudget.freeBytes < whole { try await Task.sleep(for: .milliseconds(1)) }
      }
    }
  }

  @Test func `garbage after a request doesn't cut the request's answer`() async throws {
    let namespaces = SlowNamespaces()
    try await withWebhook(namespaces: namespaces) { webhook in
      try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        let garbage = Array("\u{0}\u{1}garbage\r\n\r\n".utf8)
        try await connection.send(Self.request(uid: "good", namespace: "slow") + garbage)
        await namespaces.gate.arrive()
        #expect(try Self.uid(try await connection.readResponse()) == "good")
        #expect(try await connection.readResponse()?.status == 400)
      }
    }
  }

  @Test func `an old client's connection ends with its answer`() async throws {
    try await withWebhook { webhook in
      let text = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        let request = String(decoding: Reviews.post(Reviews.body), as: UTF8.self)
        try await connection.send(request.replacing("HTTP/1.1", with: "HTTP/1.0", maxReplacements: 1))
        return await connection.readToEnd()
      }
      let (response, rest) = try #require(RawResponse.parse(text))
      #expect(response.status == 200)
      #expect(response.headers["connection"] == "close")
      #expect(rest.isEmpty)
    }
  }

  /// Counts the reads that get through to the socket.
  private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ResponsePart
    typealias OutboundOut = ResponsePart
    private(set) var reads = 0

    func read(context: ChannelHandlerContext) {
      reads += 1
      context.read()
    }
  }

  @Test func `a client that doesn't take its answers is not read from`() throws {
    let counter = ReadCounter()
    let metrics = WebhookMetrics(factory: RecordingMetrics())
    let handler = ReviewHandler(
      service: ReviewService(
        injector: CurrentInjector(Injector(settings: MeshSettings())),
        namespaces: StaticNamespaces(),
        metrics: metrics,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      ),
      budget: BodyBudget(bytes: 1000),
      maximumBodyBytes: 1000
    )
    let channel = EmbeddedChannel(handlers: [counter, handler])
    let before = counter.reads
    channel.isWritable = false
    channel.pipeline.fireChannelWritabilityChanged()
    channel.pipeline.read()
    #expect(counter.reads == before)
    channel.isWritable = true
    channel.pipeline.fireChannelWritabilityChanged()
    #expect(counter.reads == before + 1)
    channel.pipeline.read()
    #expect(counter.reads == before + 2)
    _ = try channel.finish()
  }
}
