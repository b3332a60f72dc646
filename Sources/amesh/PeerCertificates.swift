import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// What a TLS server shows of itself. Nothing is trusted and nothing is sent but the handshake.
enum PeerCertificates {
  /// - Returns: DER, the leaf first.
  /// - Throws: ``Failure`` when there is no answer, or none that is TLS.
  static func fetch(host: String, port: Int, serverName: String?) async throws -> [[UInt8]] {
    let shown = NIOLockedValueBox<[[UInt8]]>([])
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .noHostnameVerification
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
                shown.withLockedValue { $0 = certificates.compactMap { try? $0.toDERBytes() } }
                // Seen is enough.
                promise.succeed(.failed)
              }
            )
            try channel.pipeline.syncOperations.addHandler(handler)
          }
        }
        .connect(host: host, port: port).get()
      let timeout = channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
      try? await channel.closeFuture.get()
      timeout.cancel()
    } catch {
      throw Failure(.unavailable, "\(host):\(port): \(error)")
    }
    let certificates = shown.withLockedValue { $0 }
    guard !certificates.isEmpty else {
      throw Failure(
        .unavailable,
        "\(host):\(port) shows no certificate; is it a TLS server that talks first of nothing else?"
      )
    }
    return certificates
  }
}
