import AdmissionWebhook
import AsyncHTTPClient
import HTTPTypes
import KubernetesObjects
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

/// The same over HTTP/2, which ALPN negotiates.
struct HTTP2Tests {
  private func withClient<Result: Sendable>(
    of webhook: RunningWebhook,
    _ body: (HTTPClient) async throws -> Result
  ) async throws -> Result {
    var configuration = HTTPClient.Configuration(tlsConfiguration: try webhook.clientTLS(applicationProtocols: []))
    configuration.httpVersion = .automatic
    let client = HTTPClient(configuration: configuration)
    do {
      let result = try await body(client)
      try await client.shutdown()
      return result
    } catch {
      try await client.shutdown()
      throw error
    }
  }

  private func post(_ body: [UInt8], to webhook: RunningWebhook, type: String = "application/json") -> HTTPClientRequest
  {
    var request = HTTPClientRequest(url: "https://localhost:\(webhook.port)/inject?timeout=10s")
    request.method = .POST
    request.headers.add(name: "content-type", value: type)
    request.body = .bytes(ByteBuffer(bytes: body))
    return request
  }

  @Test func `reviews are answered over HTTP 2`() async throws {
    try await withWebhook { webhook in
      try await withClient(of: webhook) { client in
        for _ in 0..<20 {
          let response = try await client.execute(post(Reviews.body, to: webhook), timeout: .seconds(30))
          #expect(response.version == .http2)
          #expect(response.status == .ok)
          let body = try JSONValue(parsing: Array(buffer: try await response.body.collect(upTo: 1 << 20)))
          #expect(body["response"]?["uid"]?.string == Reviews.uid)
        }
      }
    }
  }

  @Test func `bad input gets its status over HTTP 2`() async throws {
    try await withWebhook {
      $0.maximumBodyBytes = 10_000
    } _: { webhook in
      try await withClient(of: webhook) { client in
        let rows: [(HTTPClientRequest, UInt)] = [
          (post([], to: webhook), 400), (post(Array("{".utf8), to: webhook), 400),
          (post(Array("{}".utf8), to: webhook, type: "text/plain"), 415),
          (post([UInt8](repeating: 32, count: 10_001), to: webhook), 413),
          (post([UInt8](repeating: 32, count: 1_000_000), to: webhook), 413),
        ]
        for (request, status) in rows {
          let response = try await client.execute(request, timeout: .seconds(30))
          #expect(response.version == .http2)
          #expect(response.status.code == status)
          #expect(response.headers["connection"].isEmpty)
          _ = try? await response.body.collect(upTo: 1 << 20)
        }
      }
    }
  }

  @Test func `many streams are answered at a time`() async throws {
    try await withWebhook { webhook in
      try await withClient(of: webhook) { client in
        let request = post(Reviews.body, to: webhook)
        try await withThrowingTaskGroup(of: UInt.self) { group in
          for _ in 0..<200 {
            group.addTask {
              let response = try await client.execute(request, timeout: .seconds(30))
              _ = try await response.body.collect(upTo: 1 << 20)
              return response.status.code
            }
          }
          for try await status in group { #expect(status == 200) }
        }
      }
    }
  }
}
