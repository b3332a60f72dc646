import NIOCore
import NIOHTTP2
import NIOSSL

/// Furnishes each connection of a listener: TLS, deadlines, HTTP/2, calls.
struct ConnectionHandlers: Sendable {
  private let methods: [String: any CallMethod]
  private let limits: CallLimits
  private let tls: (@Sendable () -> ConnectionTLS?)?
  private let metrics: CallServerMetrics
  private let jitter: @Sendable () -> Double
  private let book: ConnectionBook

  /// - Parameters:
  ///   - methods: by path, `/SERVICE/METHOD`.
  ///   - tls: asked anew for each connection, so that a renewed certificate is in force at once; where it gives nil, the
  ///     connection is closed. Nil itself: no TLS, for Unix sockets.
  ///   - metrics: count connections, and those that are refused or cut off.
  ///   - jitter: a number from -1 to 1 for each connection, which spreads the ages of connections.
  init(
    methods: [String: any CallMethod],
    limits: CallLimits,
    tls: (@Sendable () -> ConnectionTLS?)?,
    metrics: CallServerMetrics,
    jitter: @escaping @Sendable () -> Double
  ) {
    self.methods = methods
    self.limits = limits
    self.tls = tls
    self.metrics = metrics
    self.jitter = jitter
    book = ConnectionBook(limits: limits)
  }

  /// On the connection's event loop, before anything is read.
  func add(to channel: any Channel) throws {
    let pipeline = channel.pipeline.syncOperations
    if let refusal = admit(channel) {
      metrics.connectionRefused(refusal)
      return try pipeline.addHandler(ConnectionRefusal())
    }
    let security = tls?()
    guard tls == nil || security != nil else {
      metrics.connectionRefusedWithoutCertificate()
      return try pipeline.addHandler(ConnectionRefusal())
    }
    let peer = ConnectionPeer(channel.remoteAddress)
    if let security {
      try pipeline.addHandler(
        NIOSSLServerHandler(
          context: security.context,
          customVerificationCallbackWithMetadata: { Self.verify($0, of: peer, by: security, $1) }
        )
      )
    }
    let age = limits.maximumConnectionAge.map { $0 * (1 + limits.connectionAgeJitter * jitter()) }
    let deadlines = ConnectionDeadlines(limits: limits, usesTLS: security != nil, age: age, now: channel.eventLoop.now)
    try pipeline.addHandlers([
      ConnectionGuard(deadlines) { [metrics] in metrics.connectionCut($0) },
      CompactReads(), WholeWrites(),
      NIOHTTP2Handler(mode: .server, initialSettings: settings),
      CallConnection(methods: methods, peer: peer, limits: limits, executor: LoopExecutor(channel.eventLoop)),
      // Behind the calls: it holds back flushes until all is read, see there.
      NIOHTTP2ServerConnectionManagementHandler(eventLoop: channel.eventLoop, configuration: management),
    ])
  }

  private var settings: HTTP2Settings {
    nioDefaultSettings.filter { $0.parameter != .maxConcurrentStreams } + [
      HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.maximumStreamsPerConnection),
      HTTP2Setting(
        parameter: .initialWindowSize,
        value: InboundWindows.initialWindow(messageLimit: limits.maximumMessageBytes)
      ),
    ]
  }

  /// What a connection does once it is told to go. When that is, and whether the peer is there, ``ConnectionGuard`` knows:
  /// its one timer is not moved with everything that comes.
  private var management: NIOHTTP2ServerConnectionManagementHandler.Configuration {
    NIOHTTP2ServerConnectionManagementHandler.Configuration(
      maxIdleTime: nil,
      maxAge: nil,
      maxGraceTime: TimeAmount(limits.connectionGrace),
      keepalive: nil
    )
  }

  /// Verification of ours instead of BoringSSL's: it asks for the bundle of the moment, and lets calls see the whole chain.
  /// A client that shows nothing is not asked for more.
  private static func verify(
    _ chain: [NIOSSLCertificate],
    of peer: ConnectionPeer,
    by tls: ConnectionTLS,
    _ promise: EventLoopPromise<NIOSSLVerificationResultWithMetadata>
  ) {
    promise.completeWithTask {
      let certificates = try chain.map { try $0.toDERBytes() }
      try await tls.verify(certificates)
      peer.verified(certificates)
      return .certificateVerified(VerificationMetadata(nil))
    }
  }

  /// Counts a connection for as long as it is open, unless there are too many.
  private func admit(_ channel: any Channel) -> ConnectionBook.Refusal? {
    let address = channel.remoteAddress?.withSockAddr { pointer, count in
      PeerAddress(socketAddress: UnsafeRawBufferPointer(start: pointer, count: count))
    }
    if let refusal = book.enter(address) { return refusal }
    metrics.connectionOpened()
    channel.closeFuture.whenComplete { [book, metrics] _ in
      book.leave(address)
      metrics.connectionClosed()
    }
    return nil
  }
}
