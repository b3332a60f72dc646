import AdmissionWebhook
import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// Connections that nobody uses cost others nothing.
@Suite(.timeLimit(.minutes(3)))
struct IdleConnectionTests {
  @Test func `a request is answered next to 2,000 idle connections`() async throws {
    try await withWebhook {
      $0.timeouts.handshake = .seconds(300)
    } _: { webhook in
      let context = try NIOSSLContext(configuration: try webhook.clientTLS())
      let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(.seconds(60))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(
              NIOSSLClientHandler(context: context, serverHostname: "localhost")
            )
          }
        }
      var channels: [any Channel] = []
      // Half of them don't even shake hands.
      let plain = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(.seconds(60))
      for _ in 0..<20 {
        let connecting = (0..<100).map { index in
          (index.isMultiple(of: 2) ? bootstrap : plain).connect(host: "127.0.0.1", port: webhook.port)
        }
        for connection in connecting { channels.append(try await connection.get()) }
      }
      #expect(channels.count == 2000)
      let response = try await RawConnection.open(port: webhook.port, tls: try webhook.clientTLS()) { connection in
        try await connection.send(Reviews.post(Reviews.body))
        return try await connection.readResponse()
      }
      #expect(response?.status == 200)
      // All of them were accepted, and none was given up: or else this never ends.
      while (webhook.metrics.value("amesh_webhook_connections") ?? 0) < 2000 {
        try await Task.sleep(for: .milliseconds(10))
      }
      for channel in channels { try? await channel.close() }
    }
  }
}
