import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL

extension RunningWebhook {
  /// A client that negotiates HTTP/2, shut down afterwards.
  func withHTTP2Client<Result: Sendable>(_ body: (HTTPClient) async throws -> Result) async throws -> Result {
    var configuration = HTTPClient.Configuration(tlsConfiguration: try clientTLS(applicationProtocols: []))
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

  /// A request that carries a review, for such a client.
  func post(_ body: [UInt8], type: String = "application/json") -> HTTPClientRequest {
    var request = HTTPClientRequest(url: "https://localhost:\(port)/inject?timeout=10s")
    request.method = .POST
    request.headers.add(name: "content-type", value: type)
    request.body = .bytes(ByteBuffer(bytes: body))
    return request
  }
}
