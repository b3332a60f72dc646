import KubernetesTesting
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A server on loopback that reads requests as HTTP and answers with whatever bytes a test gives it.
final class LoopbackServer: Sendable {
  struct Request: Sendable {
    var method: String
    var target: String
    var headers: [String: String]
    var body: String
  }

  /// One connection's way back.
  struct Exchange: Sendable {
    let channel: any Channel

    func send(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }

    func sendBytes(_ bytes: ArraySlice<UInt8>) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    func close() { channel.close(promise: nil) }

    /// An answer as most are.
    func answer(_ status: Int, _ body: String, headers: [String: String] = [:]) {
      let extra = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
      send("HTTP/1.1 \(status) X\r\ncontent-length: \(body.utf8.count)\r\n\(extra)\r\n\(body)")
    }

    func beginChunks() { send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n") }

    func chunk(_ text: String) { send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n") }

    func endChunks() { send("0\r\n\r\n") }
  }

  typealias Script = @Sendable (Request, Exchange) -> Void

  let requests = Observed([Request]())
  private let channel: any Channel
  private let connections: NIOLockedValueBox<[any Channel]>

  var port: Int { channel.localAddress?.port ?? 0 }

  /// Serves while the body runs.
  static func serving(
    tls: TLSConfiguration? = nil,
    _ script: @escaping Script,
    _ body: (LoopbackServer) async throws -> Void
  ) async throws {
    let server = try await LoopbackServer(tls: tls, script)
    do {
      try await body(server)
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }

  private init(tls: TLSConfiguration?, _ script: @escaping Script) async throws {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let connections = NIOLockedValueBox([any Channel]())
    let requests = requests
    channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          connections.withLockedValue { $0.append(channel) }
          if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
          try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
          try channel.pipeline.syncOperations.addHandler(Reader(requests: requests, script: script))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    self.connections = connections
  }

  private func stop() async {
    try? await channel.close()
    for connection in connections.withLockedValue({ $0 }) { try? await connection.close() }
  }
}

private final class Reader: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let requests: Observed<[LoopbackServer.Request]>
  private let script: LoopbackServer.Script
  private var request: LoopbackServer.Request?

  init(requests: Observed<[LoopbackServer.Request]>, script: @escaping LoopbackServer.Script) {
    self.requests = requests
    self.script = script
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { one, _ in one }
      request = LoopbackServer.Request(method: "\(head.method)", target: head.uri, headers: headers, body: "")
    case .body(let part):
      request?.body += String(buffer: part)
    case .end:
      guard let request else { return }
      requests.change { $0.append(request) }
      script(request, LoopbackServer.Exchange(channel: context.channel))
    }
  }

  /// What clients do to connections is for the tests to look at.
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
