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
  @Test func `reviews are answered over HTTP 2`() async throws {
    try await withWebhook { webhook in
      try await webhook.withHTTP2Client { client in
        for _ in 0..<20 {
          let response = try await client.execute(webhook.post(Reviews.body), timeout: .seconds(30))
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
      try await webhook.withHTTP2Client { client in
        let rows: [(HTTPClientRequest, UInt)] = [
          (webhook.post([]), 400), (webhook.post(Array("{".utf8)), 400),
          (webhook.post(Array("{}".utf8), type: "text/plain"), 415),
          (webhook.post([UInt8](repeating: 32, count: 10_001)), 413),
          (webhook.post([UInt8](repeating: 32, count: 1_000_000)), 413),
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
      try await webhook.withHTTP2Client { client in
        let request = webhook.post(Reviews.body)
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
