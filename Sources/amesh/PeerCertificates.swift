import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// What a TLS server shows of itself. Nothing is trusted and nothing is sent but the handshake.
struct PeerCertificates {
  /// DER, the leaf first.
  var certificates: [[UInt8]] = []
  /// Whether the server wants to know who calls, as a sidecar's 19443 does.
  var asksForCertificate = false

  /// - Throws: ``Failure`` when there is no answer, or none that is TLS.
  static func fetch(host: String, port: Int, serverName: String?) async throws -> PeerCertificates {
    let shown = NIOLockedValueBox(PeerCertificates())
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .noHostnameVerification
    configuration.sslContextCallback = { _, promise in
      // A client is called back when it is to show a certificate.
      shown.withLockedValue { $0.asksForCertificate = true }
      promise.succeed(.noChanges)
    }
    let context = try NIOSSLContext(configuration: configuration)
    let name = (serverName ?? host).contains(where: \.isLetter) ? serverName ?? host : nil
    do {
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(.seconds(10))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let handler = try NIOSSLClientHandler(
              context: context,
              serverHostname: name,
              customVerificationCallback: { certificates, promise in
                shown.withLockedValue { $0.certificates = certificates.compactMap { try? $0.toDERBytes() } }
                promise.succeed(.certificateVerified)
              }
            )
            try channel.pipeline.syncOperations.addHandlers(handler, EndOfHandshake())
          }
        }
        .connect(host: host, port: port).get()
      let timeout = channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
      try? await channel.closeFuture.get()
      timeout.cancel()
    } catch {
      throw Failure(.unavailable, "\(host):\(port): \(error)")
    }
    let result = shown.withLockedValue { $0 }
    guard !result.certificates.isEmpty else {
      throw Failure(
        .unavailable,
        "\(host):\(port) shows no certificate; is it a TLS server that talks first of nothing else?"
      )
    }
    return result
  }
}

/// Seen is enough.
private final class EndOfHandshake: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted = event as? TLSUserEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
