package import GRPCNIOTransportHTTP2Posix
import NIOCore
package import NIOSSL

/// The HTTP/2 side of the server, on a socket of ours.
package enum IdentityTransport {
  /// - Parameters:
  ///   - tls: asked anew for each connection, so that a renewed certificate is in force at once; where it gives nil, the
  ///     connection is closed. Nil itself: no TLS, for Unix sockets.
  ///   - metrics: count connections, and those that are refused or cut off.
  ///   - jitter: a number from -1 to 1 for each connection, which spreads the ages of connections.
  package static func make(
    socket: ListeningSocket,
    limits: IdentityLimits,
    tls: (@Sendable () -> ConnectionTLS?)?,
    metrics: IdentityMetrics,
    jitter: @escaping @Sendable () -> Double
  ) -> HTTP2ServerTransport.Posix {
    let book = ConnectionBook(limits: limits)
    return .http2NIOPosix(
      listeningSocketDescriptor: Int(socket.descriptor),
      transportSecurity: .plaintext,
      config: .defaults { config in
        config.rpc.maxRequestPayloadSize = limits.maximumMessageBytes
        config.http2.maxConcurrentStreams = limits.maximumStreamsPerConnection
        // With a time for idle connections the transport would keep a handler and its timers of each for ever: 384 bytes
        // a connection (2.9.0, a timer that is not let go). Silence and age bound idle ones too.
        config.connection.maxIdleTime = nil
        config.connection.maxGraceTime = limits.connectionGrace
        config.connection.keepalive.time = limits.keepaliveTime
        config.connection.keepalive.timeout = limits.keepaliveTimeout
        config.connection.keepalive.clientBehavior.allowWithoutCalls = true
        config.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .seconds(10)
        config.channelDebuggingCallbacks.onAcceptTCPConnection = { channel in
          let age = limits.maximumConnectionAge.map { $0 * (1 + limits.connectionAgeJitter * jitter()) }
          return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let refusal = admit(channel, book, metrics) {
              metrics.connectionRefused(refusal.rawValue)
              return try pipeline.addHandler(ConnectionRefusal(), position: .first)
            }
            let security = tls?()
            guard tls == nil || security != nil else {
              metrics.connectionRefused("no_certificate")
              return try pipeline.addHandler(ConnectionRefusal(), position: .first)
            }
            let deadlines = ConnectionDeadlines(
              limits: limits,
              usesTLS: security != nil,
              age: age,
              now: channel.eventLoop.now
            )
            try pipeline.addHandler(CompactReads(), position: .first)
            try pipeline.addHandler(ConnectionGuard(deadlines) { metrics.connectionCut($0) }, position: .first)
            if let security {
              // The transport's own TLS knows no optional client certificate, and keeps its first context for ever.
              let handler = NIOSSLServerHandler(
                context: security.context,
                customVerificationCallbackWithMetadata: { verify($0, by: security, $1) }
              )
              try pipeline.addHandler(handler, position: .first)
            }
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

  /// Counts a connection for as long as it is open, unless there are too many.
  private static func admit(
    _ channel: any Channel,
    _ book: ConnectionBook,
    _ metrics: IdentityMetrics
  ) -> ConnectionBook.Refusal? {
    let address = channel.remoteAddress?.withSockAddr { pointer, count in
      PeerAddress(socketAddress: UnsafeRawBufferPointer(start: pointer, count: count))
    }
    if let refusal = book.enter(address) { return refusal }
    metrics.connectionOpened()
    channel.closeFuture.whenComplete { _ in
      book.leave(address)
      metrics.connectionClosed()
    }
    return nil
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
