import NIOCore
import NIOPosix
import NIOSSL

/// A client connection that sends bytes as they are, for requests that no HTTP client makes.
struct RawConnection {
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  // Only ever used by the one test that opened the connection.
  private nonisolated(unsafe) var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private var received = ""

  private init(
    outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
    inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  ) {
    self.outbound = outbound
    self.inbound = inbound
  }

  /// - Parameter tls: nil for a plain TCP connection.
  static func open<Result>(
    port: Int,
    tls: TLSConfiguration?,
    _ body: (inout RawConnection) async throws -> Result
  ) async throws -> Result {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context {
            try channel.pipeline.syncOperations.addHandler(
              NIOSSLClientHandler(context: context, serverHostname: "localhost")
            )
          }
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true)
          )
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      var connection = RawConnection(outbound: outbound, inbound: inbound.makeAsyncIterator())
      return try await body(&connection)
    }
  }

  func send(_ text: String) async throws {
    try await outbound.write(ByteBuffer(string: text))
  }

  func send(_ bytes: [UInt8]) async throws {
    try await outbound.write(ByteBuffer(bytes: bytes))
  }

  /// Says that nothing more is sent, and still reads.
  func endOutput() { outbound.finish() }

  /// Everything until the server closes, also when it does so without TLS's goodbye.
  mutating func readToEnd() async -> String {
    while let part = try? await inbound.next() { received += String(buffer: part) }
    defer { received = "" }
    return received
  }

  /// Reads until that text has come, and forgets what came up to its end; false when the server closes before.
  mutating func read(until text: String) async -> Bool {
    while true {
      if let found = received.firstRange(of: text) {
        received.removeSubrange(..<found.upperBound)
        return true
      }
      guard let part = try? await inbound.next() else { return false }
      received += String(buffer: part)
    }
  }

  /// One response with a Content-Length; nil when the connection ends before its end.
  mutating func readResponse() async throws -> RawResponse? {
    while true {
      if let (response, rest) = RawResponse.parse(received) {
        received = rest
        return response
      }
      guard let part = try await inbound.next() else { return nil }
      received += String(buffer: part)
    }
  }
}

struct RawResponse: Sendable {
  var status: Int
  /// With names in lower case.
  var headers: [String: String]
  var body: String

  /// The first response in `text` and what follows it; nil when it is not whole yet.
  static func parse(_ text: String) -> (response: RawResponse, rest: String)? {
    let bytes = Array(text.utf8)
    let mark = Array("\r\n\r\n".utf8)
    guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else { return nil }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    let start = end + mark.count
    let length = headers["content-length"].flatMap { Int($0) } ?? 0
    guard bytes.count >= start + length else { return nil }
    return (
      RawResponse(
        status: status,
        headers: headers,
        body: String(decoding: bytes[start..<start + length], as: UTF8.self)
      ),
      String(decoding: bytes[(start + length)...], as: UTF8.self)
    )
  }
}
