package import GRPCNIOTransportHTTP2Posix
import NIOCore
package import NIOSSL

/// The server has no certificate of its own yet.
private struct NoCertificateError: Error {}

/// The HTTP/2 side of the server, on a socket of ours.
package enum IdentityTransport {
  /// - Parameters:
  ///   - tls: asked anew for each connection, so that a renewed certificate is in force at once; where it gives nil, the
  ///     connection is closed. Nil itself: no TLS, for Unix sockets.
  ///   - jitter: a number from -1 to 1 for each connection, which spreads the ages of connections.
  package static func make(
    socket: ListeningSocket,
    limits: IdentityLimits,
    tls: (@Sendable () -> ConnectionTLS?)?,
    jitter: @escaping @Sendable () -> Double
  ) -> HTTP2ServerTransport.Posix {
    .http2NIOPosix(
      listeningSocketDescriptor: Int(socket.descriptor),
      transportSecurity: .plaintext,
      config: .defaults { config in
        config.rpc.maxRequestPayloadSize = limits.maximumMessageBytes
        config.http2.maxConcurrentStreams = limits.maximumStreamsPerConnection
        config.connection.maxGraceTime = limits.connectionGrace
        config.connection.keepalive.time = limits.keepaliveTime
        config.connection.keepalive.timeout = limits.keepaliveTimeout
        config.connection.keepalive.clientBehavior.allowWithoutCalls = true
        config.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .seconds(10)
        config.channelDebuggingCallbacks.onAcceptTCPConnection = { channel in
          let age = limits.maximumConnectionAge.map { $0 * (1 + limits.connectionAgeJitter * jitter()) }
          return channel.eventLoop.makeCompletedFuture {
            // The transport's own TLS knows no optional client certificate, and keeps its first context for ever.
            if let tls {
              guard let tls = tls() else { throw NoCertificateError() }
              let handler = NIOSSLServerHandler(
                context: tls.context,
                customVerificationCallbackWithMetadata: { verify($0, by: tls, $1) }
              )
              try channel.pipeline.syncOperations.addHandler(handler, position: .first)
            }
            if let age { endGracefully(channel, after: age) }
          }
        }
      }
    )
  }

  /// Verification of ours instead of BoringSSL's: it asks for the bundle of the moment, and lets calls see the whole chain.
  /// A client that shows nothing is not asked for more.
  private static func verify(
    _ chain: [NIOSSLCertificate],
    by tls: ConnectionTLS,
    _ promise: EventLoopPromise<NIOSSLVerificationResultWithMetadata>
  ) {
    promise.completeWithTask {
      try await tls.verify(try chain.map { try $0.toDERBytes() })
      return .certificateVerified(VerificationMetadata(ValidatedCertificateChain(chain)))
    }
  }

  /// GOAWAY after a while. The transport can do this too, but to all connections at the same age.
  private static func endGracefully(_ channel: any Channel, after age: Duration) {
    let timer = channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(age)) {
      channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
    channel.closeFuture.assumeIsolated().whenComplete { _ in timer.cancel() }
  }

  /// TLS 1.3 for the server: a client may show a certificate, which is then verified against `trustRoots`.
  package static func tlsConfiguration(
    certificateChain: [NIOSSLCertificate],
    privateKey: NIOSSLPrivateKey,
    trustRoots: [NIOSSLCertificate]
  ) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: certificateChain.map { .certificate($0) },
      privateKey: .privateKey(privateKey)
    )
    configuration.minimumTLSVersion = .tlsv13
    configuration.applicationProtocols = ["h2"]
    configuration.certificateVerification = .optionalVerification
    configuration.trustRoots = .certificates(trustRoots)
    return configuration
  }
}
